import { notFound } from '../core/errors.js';
import { asJson, type Json } from '../core/json.js';
import type { Call } from '../core/router.js';
import { engineName } from '../state/names.js';
import type { State } from '../state/state.js';
import type { EngineRecord } from '../state/types.js';

/** A ReasoningEngine as GET prints it: named by project number, with its etag. */
export function engineJson(state: State, engine: EngineRecord): Json {
  const name = engineName(engine, state.settings.projectNumberInNames.aiplatform);
  return { name, ...structuredClone(engine.data), etag: engine.etag };
}

/** A ReasoningEngine as list prints it; by default without `deploymentSpec`, as some public reports have it (others do not). */
export function engineListJson(state: State, engine: EngineRecord): Json {
  const whole = engineJson(state, engine);
  if (!state.settings.aiplatform.listOmitsDeploymentSpec) return whole;
  const spec: Json = { ...asJson(whole.spec) };
  delete spec.deploymentSpec;
  return { ...whole, spec };
}

/** The engine a path names, by project ID or number, or 404. */
export function findEngine(call: Call, state: State): EngineRecord {
  const engine = state.findEngine(state.place(call), call.param('engine'));
  if (engine) return engine;
  throw notFound('The ReasoningEngine does not exist.');
}
