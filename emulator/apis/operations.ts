import { GoogleError, invalid, notFound } from '../core/errors.js';
import { filterItems } from '../core/filter.js';
import type { Json } from '../core/json.js';
import { operationJson, type Operation } from '../core/operations.js';
import { page } from '../core/paging.js';
import { post, read, remove, type Call, type Route } from '../core/router.js';
import type { State } from '../state/state.js';
import { placeName } from '../state/names.js';

const LIST_QUERY = ['filter', 'pageSize', 'pageToken', 'returnPartialSuccess'];
const OPERATION = 'projects/{project}/locations/{location}/operations/{operation}';
const OPERATIONS = 'projects/{project}/locations/{location}/operations';

/** get, list, cancel and delete of location-scoped operations (discovery: networkservices, networksecurity, agentregistry). */
export function operationRoutes(api: string): Route[] {
  return [
    read(OPERATION, (call, state) => operationJson(findOperation(call, state, api))),
    read(OPERATIONS, (call, state) => listOperations(call, state, api), LIST_QUERY),
    post(`${OPERATION}:cancel`, (call, state) => cancel(call, state, api)),
    remove(OPERATION, (call, state) => forget(call, state, api)),
  ];
}

/** Agent Runtime lists its operations under the engine and under the location, and can wait for one. */
export function engineOperationRoutes(api: string): Route[] {
  const engine = 'projects/{project}/locations/{location}/reasoningEngines/{engine}';
  const below = `${engine}/operations/{operation}`;
  return [
    ...operationRoutes(api),
    post(`${OPERATION}:wait`, (call, state) => wait(call, state, api), ['timeout'], false),
    read(below, (call, state) => operationJson(findOperation(call, state, api))),
    read(`${engine}/operations`, (call, state) => listOperations(call, state, api), LIST_QUERY),
    post(`${below}:cancel`, (call, state) => cancel(call, state, api)),
    post(`${below}:wait`, (call, state) => wait(call, state, api), ['timeout'], false),
    remove(below, (call, state) => forget(call, state, api)),
  ];
}

function findOperation(call: Call, state: State, api: string): Operation {
  const id = call.param('operation');
  const found = visibleOperations(call, state, api).find((operation) => operation.id === id);
  if (found) return found;
  throw notFound(`Operation '${call.path.slice(`/${call.version}/`.length)}' was not found`);
}

/** Operations of this API and place, below the engine when the path names one, without those that have vanished. */
function visibleOperations(call: Call, state: State, api: string): Operation[] {
  const place = state.place(call);
  const engine = /\/reasoningEngines\/([^/:]+)\//.exec(call.path)?.[1];
  const target = engine === undefined ? undefined : `${placeName(place, true)}/reasoningEngines/${engine}`;
  return state.operations.list(
    (operation) =>
      operation.api === api &&
      operation.hidden !== true &&
      operation.projectNumber === place.project.number &&
      operation.location === place.location &&
      (target === undefined || operation.target === target) &&
      !hasVanished(state, operation),
  );
}

/** Has it ended and then gone? Both were seen of finished operations: a switch. */
export function hasVanished(state: State, { done, endMs }: Operation): boolean {
  const { finished, vanishAfterMs } = state.settings.operations;
  return done && finished === 'vanish' && state.clock.now() >= endMs + vanishAfterMs;
}

function listOperations(call: Call, state: State, api: string): Json {
  const items = visibleOperations(call, state, api).reverse();
  // `done=false` must find running ones although their JSON has no `done`.
  const shown = filterItems(
    items.map((operation): Json => ({ ...operationJson(operation), done: operation.done, operation })),
    call.query.get('filter'),
  ).map((item) => operationJson(item.operation as Operation));
  return page(shown, 'operations', call.query, call.path, state.settings.pageSize);
}

function cancel(call: Call, state: State, api: string): Json {
  state.operations.cancel(findOperation(call, state, api), state.clock.now());
  return {};
}

function forget(call: Call, state: State, api: string): Json {
  const operation = findOperation(call, state, api);
  if (!operation.done) throw new GoogleError('FAILED_PRECONDITION', 'The operation is still running.');
  state.operations.remove(operation);
  return {};
}

/** Answers when the operation is done or the timeout is over, whichever is first ("best effort", discovery text). */
async function wait(call: Call, state: State, api: string): Promise<Json> {
  const deadline = Date.now() + timeoutMs(call.query.get('timeout'));
  for (;;) {
    state.settle();
    const operation = findOperation(call, state, api);
    if (operation.done || Date.now() >= deadline) return operationJson(operation);
    const left = Math.min(operation.endMs - state.clock.now(), deadline - Date.now(), 25);
    await new Promise((resolve) => setTimeout(resolve, Math.max(left, 1)));
  }
}

function timeoutMs(timeout: string | null): number {
  if (timeout === null) return 30_000;
  const match = /^(\d+(?:\.\d+)?)s$/.exec(timeout);
  if (match?.[1] === undefined) throw invalid(`Invalid value at 'timeout' (Duration), "${timeout}"`, 'timeout');
  return Number(match[1]) * 1000;
}
