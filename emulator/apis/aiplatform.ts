import { timestamp } from '../core/clock.js';
import type { Json } from '../core/json.js';
import { filterItems } from '../core/filter.js';
import { EMPTY_RESPONSE, operationJson } from '../core/operations.js';
import { page } from '../core/paging.js';
import { patch, post, read, remove, type Api, type Call } from '../core/router.js';
import { readMessage } from '../core/shape.js';
import { startEngineOperation } from '../state/engine-operations.js';
import { addEngine, removeEngine, withIdentity } from '../state/engines.js';
import { engineName, placeName } from '../state/names.js';
import { enginesIn } from '../state/services.js';
import type { State } from '../state/state.js';
import type { EngineRecord } from '../state/types.js';
import { checkDelete, checkNewEngine, patchEngine } from './engine-patch.js';
import { countEngineWrite } from './engine-rules.js';
import { engineShape } from './engine-shapes.js';
import { engineJson, engineListJson, findEngine } from './engine-views.js';
import { engineOperationRoutes } from './operations.js';

const ENGINES = 'projects/{project}/locations/{location}/reasoningEngines';
const ENGINE = `${ENGINES}/{engine}`;
const SERVICE = 'aiplatform.googleapis.com';

/** Agent Runtime's reasoning engines, v1 and v1beta1 (identical methods, aiplatform discovery documents). */
export const aiplatform: Api = {
  name: 'aiplatform',
  service: SERVICE,
  versions: ['v1', 'v1beta1'],
  routes: [
    read(ENGINES, listEngines, ['filter', 'pageSize', 'pageToken']),
    read(ENGINE, getEngine),
    post(ENGINES, createEngine),
    patch(ENGINE, patchEngine),
    remove(ENGINE, deleteEngine, ['force']),
    post(`${ENGINE}:testIamPermissions`, testIamPermissions, ['permissions'], false),
    ...engineOperationRoutes('aiplatform'),
  ],
};

function listEngines(call: Call, state: State): Json {
  const place = state.place(call);
  state.need('aiplatform.reasoningEngines.list', placeName(place, false), SERVICE);
  const items = enginesIn(state, place).map((engine) => engineListJson(state, engine));
  const shown = filterItems(items, call.query.get('filter'));
  return page(shown, 'reasoningEngines', call.query, call.path, state.settings.pageSize);
}

function getEngine(call: Call, state: State): Json {
  const name = `${placeName(state.place(call), false)}/reasoningEngines/${call.param('engine')}`;
  state.need('aiplatform.reasoningEngines.get', name, SERVICE);
  return engineJson(state, findEngine(call, state));
}

/** Takes the permissions in the query, other than every other API (aiplatform discovery documents). */
function testIamPermissions(call: Call, state: State): Json {
  findEngine(call, state);
  const name = `${placeName(state.place(call), false)}/reasoningEngines/${call.param('engine')}`;
  const held = call.query.getAll('permissions').filter((permission) => state.isAllowed(permission, name));
  return held.length > 0 ? { permissions: held } : {};
}

/** Creates an engine that exists (and is registered as an agent) when the operation ends. */
function createEngine(call: Call, state: State): Json {
  const place = state.place(call);
  state.need('aiplatform.reasoningEngines.create', placeName(place, false), SERVICE);
  const sent = readMessage(call.body, engineShape(call.version), 'reasoning_engine');
  const body = Object.fromEntries(Object.entries(sent).filter(([field]) => field !== 'name' && field !== 'etag'));
  const now = timestamp(state.clock.now());
  const id = state.ids.number('engine');
  const data = withIdentity(place, id, { ...body, createTime: now, updateTime: now });
  const draft: EngineRecord = { ...place, id, data, etag: '', hasChildren: false, agentId: '' };
  const late = checkNewEngine(state, draft, data);
  countEngineWrite(state, place);
  const commit = (): Json => {
    if (late) throw late;
    const engine = addEngine(state, place, id, data);
    return {
      '@type': `type.googleapis.com/google.cloud.aiplatform.${call.version}.ReasoningEngine`,
      ...engineJson(state, engine),
    };
  };
  const duration = state.settings.operations.engineCreateMs;
  return operationJson(startEngineOperation(state, draft, 'Create', duration, commit, call.version));
}

function deleteEngine(call: Call, state: State): Json {
  const engine = findEngine(call, state);
  state.need('aiplatform.reasoningEngines.delete', engineName(engine, false), SERVICE);
  checkDelete(engine, call.query.get('force') === 'true');
  countEngineWrite(state, engine);
  const commit = (): Json => {
    removeEngine(state, engine);
    return EMPTY_RESPONSE;
  };
  const duration = state.settings.operations.engineDeleteMs;
  return operationJson(startEngineOperation(state, engine, 'Delete', duration, commit, call.version));
}
