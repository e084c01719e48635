import { asJson, asString, type Json } from '../core/json.js';
import { agentIdentity, parseNetworkName, placeKey, recordKey } from './names.js';
import { renameMember } from './policies.js';
import type { State } from './state.js';
import type { EngineRecord, GatewayBinding, Place } from './types.js';

export type Direction = 'egress' | 'ingress';
export const DIRECTIONS: readonly Direction[] = ['egress', 'ingress'];

/** Field of AgentGatewayConfig per direction (aiplatform discovery). */
export const CONFIG_FIELD = { egress: 'agentToAnywhereConfig', ingress: 'clientToAgentConfig' } as const;
/** `governedAccessPath` a gateway must have per direction. */
export const ACCESS_PATH = { egress: 'AGENT_TO_ANYWHERE', ingress: 'CLIENT_TO_AGENT' } as const;

/** Puts an engine into the world; it is registered as an agent at once, as Agent Registry does on its own. */
export function addEngine(state: State, place: Place, id: string, data: Json, hasChildren = false): EngineRecord {
  const engine: EngineRecord = {
    ...place,
    id,
    data: withIdentity(place, id, data),
    etag: state.ids.etag(),
    hasChildren,
    agentId: state.ids.projection(),
  };
  state.engines.set(recordKey(place, id), engine);
  return engine;
}

/** Removes an engine, its agent entry and that entry's policy; grants elsewhere stay behind as stale members. */
export function removeEngine(state: State, engine: EngineRecord): void {
  const principal = principalOf(engine);
  if (principal !== undefined && state.settings.iap.goneMembers === 'marked-deleted') {
    renameMember(state, principal, `deleted:${principal}?uid=${engine.id}`);
  }
  replaceBinding(state, engine, {});
  state.engines.delete(recordKey(engine, engine.id));
  state.policies.delete(`${placeKey(engine)}/agents/${engine.agentId}`);
}

/** `effectiveIdentity` is output only: it follows `identityType` (ReasoningEngineSpec discovery text). */
export function withIdentity(place: Place, id: string, data: Json): Json {
  const spec = asJson(data.spec);
  const computed = identityOf(place, id, spec);
  const known = asString(spec.effectiveIdentity);
  const keep = known !== '' && known.startsWith('agents.') === (spec.identityType === 'AGENT_IDENTITY');
  return { ...data, spec: { ...spec, effectiveIdentity: keep ? known : computed } };
}

function identityOf(place: Place, id: string, spec: Json): string {
  if (spec.identityType === 'AGENT_IDENTITY') return agentIdentity(place, id);
  const account = asString(spec.serviceAccount);
  return account === '' ? `service-${place.project.number}@gcp-sa-aiplatform-re.googleapis.com` : account;
}

/** `principal://` + effectiveIdentity, or nothing for an engine without an agent identity. */
export function principalOf(engine: EngineRecord): string | undefined {
  const identity = asString(asJson(engine.data.spec).effectiveIdentity);
  return identity.startsWith('agents.') ? `principal://${identity}` : undefined;
}

/** The two gateways an engine's data names. */
export function bindingOf(data: Json): GatewayBinding {
  const config = asJson(asJson(asJson(data.spec).deploymentSpec).agentGatewayConfig);
  const name = (direction: Direction): string | undefined =>
    asString(asJson(config[CONFIG_FIELD[direction]]).agentGateway) || undefined;
  return { egress: name('egress'), ingress: name('ingress') };
}

/** The AgentGatewayConfig message of a binding, nothing when neither direction is set. */
export function gatewayConfig(binding: GatewayBinding): Json | undefined {
  const set = DIRECTIONS.filter((direction) => binding[direction] !== undefined);
  if (set.length === 0) return undefined;
  return Object.fromEntries(set.map((direction) => [CONFIG_FIELD[direction], { agentGateway: binding[direction] }]));
}

/** Engine data with another `agentGatewayConfig`, or without one. */
export function withGatewayConfig(data: Json, config: Json | undefined): Json {
  const spec = asJson(data.spec);
  const deployment: Json = { ...asJson(spec.deploymentSpec) };
  if (config === undefined) delete deployment.agentGatewayConfig;
  else deployment.agentGatewayConfig = config;
  const next: Json = { ...spec, deploymentSpec: deployment };
  if (Object.keys(deployment).length === 0) delete next.deploymentSpec;
  return { ...data, spec: next };
}

/** Replaces the whole binding and remembers when a gateway's slot was left. */
export function replaceBinding(state: State, engine: EngineRecord, binding: GatewayBinding): void {
  storeEngine(state, engine, withGatewayConfig(engine.data, gatewayConfig(binding)));
}

/** Stores new data of an engine under a new etag. @param atMs when that happens */
export function storeEngine(state: State, engine: EngineRecord, data: Json, atMs = state.clock.now()): void {
  const before = bindingOf(engine.data);
  engine.data = withIdentity(engine, engine.id, data);
  engine.etag = state.ids.etag();
  const after = bindingOf(engine.data);
  for (const direction of DIRECTIONS) {
    const left = before[direction];
    if (left === undefined || sameGateway(state, left, after[direction])) continue;
    state.slotsLeft.set(`${placeKey(engine)}/${direction}`, { gateway: left, atMs });
  }
}

/** Do two names mean the same gateway, whichever way the project is written? */
export function sameGateway(state: State, a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && canonical(state, a) === canonical(state, b);
}

function canonical(state: State, name: string): string {
  const parts = parseNetworkName(name);
  if (parts === undefined) return name;
  return `${state.findProject(parts.project)?.number ?? parts.project}/${parts.location}/${parts.id}`;
}
