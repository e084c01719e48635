import { failedPrecondition, GoogleError, invalid, quotaFailure, retryInfo } from '../core/errors.js';
import { asJson, asString, type Json } from '../core/json.js';
import { ACCESS_PATH, bindingOf, CONFIG_FIELD, DIRECTIONS, sameGateway, type Direction } from '../state/engines.js';
import { parseNetworkName, placeKey, placeName } from '../state/names.js';
import { enginesIn } from '../state/services.js';
import type { State } from '../state/state.js';
import type { NetworkRecord, Place } from '../state/types.js';

/** Engines created before this day cannot be bound ("Route Agent Runtime traffic through Agent Gateway"). */
const CUTOFF = Date.parse('2026-04-29T00:00:00Z');
const FULL_NAME = /^projects\/[^/]+\/locations\/[^/]+\/agentGateways\/[^/]+$/;

/** A rule the binding breaks, and whether it is refused at once or by the operation. */
export interface Refusal {
  readonly when: 'sync' | 'lro';
  readonly error: GoogleError;
}

/** What is wrong with an engine's binding as the request wants it, apart from malformed names (always refused at once). */
export function bindingRefusals(state: State, place: Place, id: string, data: Json): Refusal[] {
  const binding = bindingOf(data);
  if (binding.egress === undefined && binding.ingress === undefined) return [];
  const refusals: Refusal[] = [];
  const add = (when: 'sync' | 'lro' | 'accepted', error: GoogleError | undefined): void => {
    if (error !== undefined && when !== 'accepted') refusals.push({ when, error });
  };
  const { aiplatform } = state.settings;
  add('sync', entitlement(state, place));
  add(aiplatform.withoutAgentIdentity, identity(data));
  add(aiplatform.tooOld, age(data));
  for (const direction of DIRECTIONS) {
    const name = binding[direction];
    if (name !== undefined) add(aiplatform.invalidGateway, gatewayProblem(state, place, direction, name));
  }
  if (aiplatform.secondGateway === 'sync') add('sync', secondGateway(state, place, id, data));
  return refusals;
}

/** 400 for a sub-message without its required gateway or with a name of another form (aiplatform discovery). */
export function checkGatewayNames(data: Json): void {
  const config = asJson(asJson(asJson(data.spec).deploymentSpec).agentGatewayConfig);
  for (const direction of DIRECTIONS) {
    const message = config[CONFIG_FIELD[direction]];
    if (message === undefined) continue;
    const name = asString(asJson(message).agentGateway);
    const field = `reasoning_engine.spec.deployment_spec.agent_gateway_config.${direction === 'egress' ? 'agent_to_anywhere_config' : 'client_to_agent_config'}.agent_gateway`;
    if (name === '') throw invalid(`Required field is not set: ${field}.`, field);
    if (!FULL_NAME.test(name)) {
      throw invalid(
        `Invalid agent gateway name "${name}", expected projects/{project}/locations/{location}/agentGateways/{agent_gateway}.`,
        field,
      );
    }
  }
}

/** The caller wants `networkservices.agentGateways.get` and `.use` on each gateway it binds to (Google's troubleshooting pages). */
export function needGatewayUse(state: State, data: Json): void {
  const binding = bindingOf(data);
  for (const direction of DIRECTIONS) {
    const name = binding[direction];
    if (name === undefined) continue;
    state.need('networkservices.agentGateways.get', name, 'networkservices.googleapis.com');
    state.need('networkservices.agentGateways.use', name, 'networkservices.googleapis.com');
  }
}

/**
 * All bound engines of a project and region share one gateway per direction; a slot stays taken a while after the last left.
 *
 * @param at when it is looked at: an update's end may have passed before anybody asks for it
 */
export function secondGateway(
  state: State,
  place: Place,
  id: string,
  data: Json,
  at = state.clock.now(),
): GoogleError | undefined {
  const binding = bindingOf(data);
  const { secondGatewayMessage, secondGatewayStatus, slotReleaseMs } = state.settings.aiplatform;
  for (const direction of DIRECTIONS) {
    const name = binding[direction];
    if (name === undefined) continue;
    const sibling = enginesIn(state, place).find((engine) => {
      const other = bindingOf(engine.data)[direction];
      return engine.id !== id && other !== undefined && !sameGateway(state, other, name);
    });
    const left = state.slotsLeft.get(`${placeKey(place)}/${direction}`);
    const taken = left !== undefined && !sameGateway(state, left.gateway, name) && at < left.atMs + slotReleaseMs;
    if (sibling !== undefined || taken) return new GoogleError(secondGatewayStatus, secondGatewayMessage);
  }
  return undefined;
}

/** 10 writes a minute per project and region (Agent Runtime quotas page); counts accepted writes only. */
export function countEngineWrite(state: State, place: Place): void {
  const { enabled, perMinute } = state.settings.aiplatform.writeQuota;
  const now = state.clock.now();
  const key = placeKey(place);
  const recent = (state.engineWrites.get(key) ?? []).filter((at) => now - at < 60_000);
  if (enabled && recent.length >= perMinute) {
    const wait = Math.max(1, Math.ceil(((recent[0] ?? now) + 60_000 - now) / 1000));
    const metric = 'aiplatform.googleapis.com/reasoning_engine_service_write_requests';
    throw new GoogleError('RESOURCE_EXHAUSTED', `Quota exceeded for ${metric} with region: ${place.location}.`, [
      quotaFailure(`project_number:${place.project.number}`, `Quota exceeded for quota metric '${metric}'.`),
      retryInfo(wait),
    ]);
  }
  state.engineWrites.set(key, [...recent, now]);
}

function entitlement(state: State, place: Place): GoogleError | undefined {
  if (!state.settings.aiplatform.notEntitledProjects.includes(place.project.id)) return undefined;
  return failedPrecondition(
    'Agent Engine integration with Agent Gateway requires additional early-access activation for this Google Cloud project.',
  );
}

function identity(data: Json): GoogleError | undefined {
  if (asJson(data.spec).identityType === 'AGENT_IDENTITY') return undefined;
  return failedPrecondition('Agent Gateway requires the reasoning engine to have identity_type AGENT_IDENTITY.');
}

function age(data: Json): GoogleError | undefined {
  if (Date.parse(asString(data.createTime)) >= CUTOFF) return undefined;
  return failedPrecondition('Reasoning engines created before 2026-04-29 cannot be attached to an Agent Gateway.');
}

function gatewayProblem(state: State, place: Place, direction: Direction, name: string): GoogleError | undefined {
  const gateway = state.findByName(state.gateways, 'agentGateways', name);
  if (gateway === undefined) return invalid(`Agent gateway '${name}' was not found.`);
  const path = asJson(gateway.data.googleManaged).governedAccessPath;
  if (path !== ACCESS_PATH[direction]) {
    return invalid(
      `Agent gateway '${name}' must be Google-managed with governed_access_path ${ACCESS_PATH[direction]}.`,
    );
  }
  return locationProblem(place, direction, gateway, name);
}

/** Same region for both directions; egress may be in another project, ingress may not (newer revision of the routing page). */
function locationProblem(
  place: Place,
  direction: Direction,
  gateway: NetworkRecord,
  name: string,
): GoogleError | undefined {
  if (gateway.location !== place.location) {
    return invalid(`Agent gateway '${name}' is not in location ${place.location} of the reasoning engine.`);
  }
  if (direction === 'ingress' && gateway.project !== place.project) {
    return invalid(`Agent gateway '${name}' must be in ${placeName(place, false)} to govern client-to-agent traffic.`);
  }
  return undefined;
}

/** The binding's gateway names in the form they are stored in (a switch: not known). */
export function storedGatewayName(state: State, name: string): string {
  const form = state.settings.aiplatform.bindingNames;
  const parts = parseNetworkName(name);
  const project = parts === undefined ? undefined : state.findProject(parts.project);
  if (form === 'as-sent' || parts === undefined || project === undefined) return name;
  const id = form === 'number' ? project.number : project.id;
  return `projects/${id}/locations/${parts.location}/agentGateways/${parts.id}`;
}
