import { timestamp } from '../core/clock.js';
import { failedPrecondition, GoogleError, invalid, statusOfCode } from '../core/errors.js';
import { asJson, asString, isJson, type Json } from '../core/json.js';
import { applyMask, checkMask, readMask } from '../core/masks.js';
import { operationJson } from '../core/operations.js';
import type { Call } from '../core/router.js';
import { readMessage } from '../core/shape.js';
import type { UpdateOutcome } from '../settings.js';
import { startEngineOperation } from '../state/engine-operations.js';
import {
  bindingOf,
  CONFIG_FIELD,
  DIRECTIONS,
  gatewayConfig,
  storeEngine,
  withGatewayConfig,
} from '../state/engines.js';
import { engineName } from '../state/names.js';
import type { State } from '../state/state.js';
import type { EngineRecord } from '../state/types.js';
import { checkConstraints } from './engine-constraints.js';
import { DEEP_GATEWAY_MASKS, engineMasks, engineShape, GATEWAY_MASK } from './engine-shapes.js';
import {
  bindingRefusals,
  checkGatewayNames,
  countEngineWrite,
  needGatewayUse,
  secondGateway,
  storedGatewayName,
} from './engine-rules.js';
import { engineJson, findEngine } from './engine-views.js';

/**
 * ReasoningEngine PATCH: the mask names whole messages, so a binding is replaced, never merged; the answer is a running
 * operation and GET keeps showing the old engine until it is done (public live reports, October 2026).
 */
export function patchEngine(call: Call, state: State): Json {
  const engine = findEngine(call, state);
  state.need('aiplatform.reasoningEngines.update', engineName(engine, false), 'aiplatform.googleapis.com');
  const body = readMessage(call.body, engineShape(call.version), 'reasoning_engine');
  const paths = maskOf(call, state, body);
  checkBusy(state, engine);
  checkEtag(state, engine, asString(body.etag));
  const wanted = merged(state, engine, body, paths);
  const forbidden = checkConstraints(state, engine, wanted, 'UPDATE');
  const late = forbidden ?? (touchesBinding(paths) ? checkBinding(state, engine, wanted) : undefined);
  countEngineWrite(state, engine);
  const outcome = takeOutcome(state, engine);
  const commit = (endMs: number): Json => {
    if (typeof outcome === 'object') throw new GoogleError(statusOfCode(outcome.code), outcome.message);
    if (late !== undefined) throw late;
    const data = merged(state, engine, body, paths);
    if (touchesBinding(paths)) checkSlot(state, engine, data, endMs);
    commitPatch(state, engine, data, outcome, endMs);
    return {
      '@type': `type.googleapis.com/google.cloud.aiplatform.${call.version}.ReasoningEngine`,
      ...engineJson(state, engine),
    };
  };
  const duration = state.settings.operations.engineUpdateMs;
  return operationJson(startEngineOperation(state, engine, 'Update', duration, commit, call.version));
}

/** Without a mask every field that is present is overwritten, which is what a missing mask means for most Google APIs. */
function maskOf(call: Call, state: State, body: Json): string[] {
  const paths = readMask(call.query.get('updateMask'));
  if (paths.length === 0) return Object.keys(body).filter((field) => !READ_ONLY.includes(field));
  const deep = state.settings.aiplatform.deepMask === 'accepted' ? DEEP_GATEWAY_MASKS : [];
  checkMask(paths, [...engineMasks(call.version), ...deep], 'ReasoningEngine');
  return paths;
}

const READ_ONLY = ['name', 'etag', 'createTime', 'updateTime'];

/** An update in flight refuses the next one; the message is the part that was seen in public. */
function checkBusy(state: State, engine: EngineRecord): void {
  if (state.operations.running('aiplatform', engineName(engine)) === undefined) return;
  const message = `The ReasoningEngine ${engineName(engine)} is not in ACTIVE state and cannot be updated.`;
  throw new GoogleError(state.settings.aiplatform.busy, message);
}

function checkEtag(state: State, engine: EngineRecord, etag: string): void {
  const { etag: rule, etagMismatch } = state.settings.aiplatform;
  if (etag === '' || rule === 'ignored' || etag === engine.etag) return;
  throw new GoogleError(
    etagMismatch,
    'The etag of the ReasoningEngine does not match: it was changed since it was read.',
  );
}

function merged(state: State, engine: EngineRecord, body: Json, paths: readonly string[]): Json {
  const data = applyMask(engine.data, body, paths);
  if (!touchesBinding(paths)) return data;
  const config = asJson(asJson(data.spec).deploymentSpec).agentGatewayConfig;
  if (!isJson(config)) return data;
  const stored = DIRECTIONS.filter((direction) => config[CONFIG_FIELD[direction]] !== undefined).map((direction) => {
    const name = asString(asJson(config[CONFIG_FIELD[direction]]).agentGateway);
    return [CONFIG_FIELD[direction], name === '' ? {} : { agentGateway: storedGatewayName(state, name) }] as const;
  });
  const empty = state.settings.aiplatform.emptyBinding === 'empty-object' ? {} : undefined;
  return withGatewayConfig(data, stored.length === 0 ? empty : Object.fromEntries(stored));
}

function touchesBinding(paths: readonly string[]): boolean {
  return paths.some((path) => path.startsWith(GATEWAY_MASK) || path === 'spec' || path === 'spec.deploymentSpec');
}

/** Refuses at once what is to be refused at once; returns the error the operation shall end with otherwise. */
export function checkBinding(state: State, engine: EngineRecord, wanted: Json): GoogleError | undefined {
  checkGatewayNames(wanted);
  needGatewayUse(state, wanted);
  const refusals = bindingRefusals(state, engine, engine.id, wanted);
  const now = refusals.find((refusal) => refusal.when === 'sync');
  if (now) throw now.error;
  return refusals[0]?.error;
}

/** The outcome the switches hold for this update; `times` counts the failing ones down. */
function takeOutcome(state: State, engine: EngineRecord): UpdateOutcome {
  const { outcome, engines, times } = state.settings.engineUpdate;
  const chosen = engines[engine.id] ?? engines[asString(engine.data.displayName)] ?? outcome;
  if (chosen === 'ok' || times === 0) return chosen;
  const key = engineName(engine);
  const before = state.failedUpdates.get(key) ?? 0;
  state.failedUpdates.set(key, before + 1);
  return before < times ? chosen : 'ok';
}

/** Two updates may race for the slot: whoever ends first has it, so this is looked at when the operation ends. */
function checkSlot(state: State, engine: EngineRecord, data: Json, endMs: number): void {
  if (state.settings.aiplatform.secondGateway !== 'lro') return;
  const conflict = secondGateway(state, engine, engine.id, data, endMs);
  if (conflict) throw conflict;
}

function commitPatch(state: State, engine: EngineRecord, data: Json, outcome: UpdateOutcome, endMs: number): void {
  // "null means Runtime has failed to bind": the operation ends well and the binding is not there.
  const result = outcome === 'null-binding' ? withGatewayConfig(data, gatewayConfig({})) : data;
  storeEngine(state, engine, { ...result, updateTime: timestamp(endMs) }, endMs);
}

/** 400 unless the body of a create names a display name; constraints must allow it and its binding must hold as well. */
export function checkNewEngine(state: State, engine: EngineRecord, data: Json): GoogleError | undefined {
  if (asString(data.displayName) === '') throw invalid('Required field is not set: display_name.', 'display_name');
  const forbidden = checkConstraints(state, engine, data, 'CREATE');
  if (forbidden !== undefined) return forbidden;
  const { egress, ingress } = bindingOf(data);
  if (egress === undefined && ingress === undefined) return undefined;
  const late = checkBinding(state, engine, data);
  const conflict =
    state.settings.aiplatform.secondGateway === 'lro' ? secondGateway(state, engine, engine.id, data) : undefined;
  return late ?? conflict;
}

/** 400 for a delete of an engine that still has sessions or memories, unless it is forced (discovery: `force`). */
export function checkDelete(engine: EngineRecord, force: boolean): void {
  if (!engine.hasChildren || force) return;
  throw failedPrecondition(
    `The ReasoningEngine "${engineName(engine)}" contains child resources: sessions. Please delete the child resources before deleting the ReasoningEngine or set force to true.`,
  );
}
