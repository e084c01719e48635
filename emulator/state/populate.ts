import { engineJson } from '../apis/engine-views.js';
import { timestamp, type Clock } from '../core/clock.js';
import { EMPTY_RESPONSE } from '../core/operations.js';
import { compact, type Json } from '../core/json.js';
import type { ParsedEngine, ParsedService, ParsedWorld } from '../world.js';
import { startEngineOperation } from './engine-operations.js';
import { addEngine, gatewayConfig, replaceBinding, withGatewayConfig } from './engines.js';
import { populateIam } from './populate-iam.js';
import { populateNetworking } from './populate-networking.js';
import { populateOrgPolicy } from './populate-orgpolicy.js';
import { parseNetworkName, trustDomain } from './names.js';
import { addService } from './services.js';
import { State } from './state.js';
import { findTarget, placeOf, storeInput } from './targets.js';
import type { EngineRecord, Place } from './types.js';

/** A state that is what the world says, at this clock's time. */
export function populate(world: ParsedWorld, clock?: Clock): State {
  const state = new State(world.settings, clock);
  for (const { disabledApis, displayName, ...project } of world.projects) {
    state.projects.push({ ...project, displayName: displayName ?? project.id, disabledApis: new Set(disabledApis) });
  }
  for (const project of state.projects) state.trustDomains.add(trustDomain(project));
  for (const domain of world.trustDomains) state.trustDomains.add(domain);
  for (const entry of world.denied) state.denied.push(typeof entry === 'string' ? { permission: entry } : entry);
  populateNetworking(state, world);
  populateOrgPolicy(state, world);
  for (const engine of world.engines)
    populateEngine(state, placeOf(state, engine.project, engine.region, world.region), engine);
  for (const service of world.services) {
    populateService(state, placeOf(state, service.project, service.location, world.region), service);
  }
  for (const policy of world.policies) {
    const place = placeOf(state, policy.project, policy.location, world.region);
    storeInput(state, findTarget(state, place, policy.on), policy.bindings);
  }
  populateIam(state, world);
  return state;
}

/** Adds an engine of the world, with the operation that is running on it or the one that failed last. */
export function populateEngine(state: State, place: Place, input: ParsedEngine): EngineRecord {
  const data = withGatewayConfig(
    engineData(input),
    gatewayConfig({ egress: gatewayName(place, input.egress), ingress: gatewayName(place, input.ingress) }),
  );
  const engine = addEngine(state, place, input.id, data, input.hasChildren);
  const error = input.lastUpdateError;
  if (error) {
    const failed = startEngineOperation(state, engine, 'Update', 0, () => EMPTY_RESPONSE);
    failed.done = true;
    failed.error = error;
  }
  if (input.running) startRunning(state, engine, input.running);
  return engine;
}

function startRunning(state: State, engine: EngineRecord, running: NonNullable<ParsedEngine['running']>): void {
  startEngineOperation(state, engine, 'Update', running.forMs, () => {
    const egress = gatewayName(engine, running.egress);
    const ingress = gatewayName(engine, running.ingress);
    if (egress !== undefined || ingress !== undefined) replaceBinding(state, engine, { egress, ingress });
    return { '@type': 'type.googleapis.com/google.cloud.aiplatform.v1.ReasoningEngine', ...engineJson(state, engine) };
  });
}

function engineData(input: ParsedEngine): Json {
  const env = Object.entries(input.env).map(([name, value]) => ({ name, value }));
  const createTime = timestamp(Date.parse(input.createTime));
  const account = input.identity === 'service-account' ? input.serviceAccount : undefined;
  return compact({
    displayName: input.displayName,
    description: input.description,
    labels: input.labels,
    createTime,
    updateTime: createTime,
    spec: compact({
      agentFramework: input.framework,
      identityType: IDENTITY_TYPES[input.identity],
      effectiveIdentity: input.effectiveIdentity,
      serviceAccount: account,
      classMethods: input.classMethods ?? [
        { name: 'query', api_mode: '' },
        { name: 'stream_query', api_mode: 'stream' },
      ],
      ...SOURCES[input.source],
      deploymentSpec: compact({ env: env.length > 0 ? env : undefined, minInstances: input.minInstances }),
    }),
  });
}

const IDENTITY_TYPES = { agent: 'AGENT_IDENTITY', 'service-account': 'SERVICE_ACCOUNT', none: undefined };

const SOURCES: Record<ParsedEngine['source'], Json> = {
  package: { packageSpec: { pickleObjectGcsUri: 'gs://agent-staging/agent.pkl', pythonVersion: '3.12' } },
  source: { sourceCodeSpec: { pythonSpec: { entrypointModule: 'agent', entrypointObject: 'app', version: '3.12' } } },
  container: { containerSpec: { imageUri: 'us-central1-docker.pkg.dev/agents/images/agent:1' } },
};

/** A short gateway name belongs to the engine's own project and region. */
export function gatewayName(place: Place, name: string | undefined): string | undefined {
  if (name === undefined || parseNetworkName(name) !== undefined) return name;
  return `projects/${place.project.id}/locations/${place.location}/agentGateways/${name}`;
}

/** Adds a service of the world, with its own policy when it has one. */
export function populateService(state: State, place: Place, input: ParsedService): void {
  const createTime = timestamp(Date.parse(input.createTime));
  const record = addService(
    state,
    place,
    input.id,
    compact({
      displayName: input.displayName ?? input.id,
      description: input.description,
      interfaces: input.urls.map((url) => ({ url, protocolBinding: input.protocol })),
      [SPECS[input.kind]]: { type: 'NO_SPEC' },
      createTime,
      updateTime: createTime,
    }),
    input.resourceId,
  );
  const target = { ...place, entry: { collection: record.collection, id: record.resourceId } };
  if (input.policy) storeInput(state, target, input.policy);
}

const SPECS = { endpoint: 'endpointSpec', agent: 'agentSpec', mcp: 'mcpServerSpec' };
