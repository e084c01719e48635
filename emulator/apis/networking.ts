import { timestamp } from '../core/clock.js';
import { GoogleError, invalid, notFound } from '../core/errors.js';
import { filterItems } from '../core/filter.js';
import { asString, type Json } from '../core/json.js';
import { applyMask, checkMask, readMask } from '../core/masks.js';
import { EMPTY_RESPONSE, operationJson, standardMetadata } from '../core/operations.js';
import { page } from '../core/paging.js';
import { patch, post, read, remove, type Call, type Route } from '../core/router.js';
import { readMessage, type Shape } from '../core/shape.js';
import { placeName, recordKey } from '../state/names.js';
import { addNetworkRecord } from '../state/populate-networking.js';
import type { State } from '../state/state.js';
import type { NetworkRecord, Place } from '../state/types.js';

/** One kind of resource of the networking APIs: they all work alike, by operations with `done: false` (public golden logs). */
export interface Kind {
  readonly api: 'networkservices' | 'networksecurity';
  readonly collection: string;
  /** `agentGatewayId` and so on. */
  readonly idParameter: string;
  readonly message: string;
  readonly shape: Shape;
  /** Fields a mask may name. */
  readonly masks: readonly string[];
  readonly hasEtag: boolean;
  readonly records: (state: State) => Map<string, NetworkRecord>;
  readonly durationMs: (state: State) => number;
  /** Throws what is wrong with a resource that is to be stored. */
  readonly check: (state: State, place: Place, id: string, data: Json, isNew: boolean) => void;
  /** Throws when the resource is in use. */
  readonly checkDelete: (state: State, record: NetworkRecord) => void;
  /** What the server adds, or takes away, when it stores a new resource. */
  readonly onCreate: (state: State, place: Place, id: string, data: Json) => Json;
}

const ID = /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/;
const LIST = ['filter', 'orderBy', 'pageSize', 'pageToken', 'returnPartialSuccess'];

/** create, get, list, patch and delete of one kind. */
export function kindRoutes(kind: Kind): Route[] {
  const list = `projects/{project}/locations/{location}/${kind.collection}`;
  const item = `${list}/{id}`;
  return [
    read(list, (call, state) => listRecords(call, state, kind), LIST),
    read(item, (call, state) => recordJson(state, kind, findRecord(call, state, kind, 'get'))),
    post(list, (call, state) => create(call, state, kind), [kind.idParameter, 'requestId']),
    patch(item, (call, state) => update(call, state, kind), ['updateMask', 'requestId']),
    remove(item, (call, state) => erase(call, state, kind), ['etag', 'requestId']),
  ];
}

function listRecords(call: Call, state: State, kind: Kind): Json {
  const place = state.place(call);
  need(state, kind, 'list', placeName(place, false));
  const items = [...kind.records(state).values()]
    .filter((record) => record.project === place.project && record.location === place.location)
    .map((record) => recordJson(state, kind, record));
  const shown = filterItems(items, call.query.get('filter'));
  return page(shown, kind.collection, call.query, call.path, state.settings.pageSize);
}

function findRecord(call: Call, state: State, kind: Kind, verb: string): NetworkRecord {
  const place = state.place(call);
  const name = `${placeName(place, false)}/${kind.collection}/${call.param('id')}`;
  need(state, kind, verb, name);
  const record = kind.records(state).get(recordKey(place, call.param('id')));
  if (record) return record;
  throw notFound(`Resource '${name}' was not found`);
}

function create(call: Call, state: State, kind: Kind): Json {
  const place = state.place(call);
  need(state, kind, 'create', placeName(place, false));
  const id = call.query.get(kind.idParameter) ?? '';
  if (!ID.test(id)) throw invalid(`Invalid ${kind.idParameter} '${id}'.`, kind.idParameter);
  const data = writable(kind, readMessage(call.body, kind.shape, kind.message));
  const target = `${placeName(place, numbered(state, kind))}/${kind.collection}/${id}`;
  const isTaken =
    kind.records(state).has(recordKey(place, id)) || state.operations.running(kind.api, target) !== undefined;
  if (isTaken) throw new GoogleError('ALREADY_EXISTS', `Resource '${target}' already exists`);
  kind.check(state, place, id, data, true);
  return start(state, kind, place, target, 'create', (endMs) => {
    const now = timestamp(endMs);
    const stored = kind.onCreate(state, place, id, { ...data, createTime: now, updateTime: now });
    return recordResponse(state, kind, addNetworkRecord(state, kind.records(state), place, id, stored));
  });
}

function update(call: Call, state: State, kind: Kind): Json {
  const record = findRecord(call, state, kind, 'update');
  const body = readMessage(call.body, kind.shape, kind.message);
  const paths = readMask(call.query.get('updateMask'));
  if (paths.length === 0) throw invalid('update_mask is required.', 'update_mask');
  const named = paths.includes('*') ? [...kind.masks] : paths;
  // A mask may name a field below one of these, such as `metadata.iamEnforcementMode`.
  checkMask(
    named.map((path) => path.split('.')[0] ?? path),
    kind.masks,
    kind.message,
  );
  checkEtag(kind, record, asString(body.etag));
  kind.check(state, record, record.id, applyMask(record.data, body, named), false);
  const target = nameOf(state, kind, record);
  return start(state, kind, record, target, 'update', (endMs) => {
    record.data = { ...applyMask(record.data, body, named), updateTime: timestamp(endMs) };
    record.etag = state.ids.etag();
    return recordResponse(state, kind, record);
  });
}

function erase(call: Call, state: State, kind: Kind): Json {
  const record = findRecord(call, state, kind, 'delete');
  checkEtag(kind, record, call.query.get('etag') ?? '');
  kind.checkDelete(state, record);
  return start(state, kind, record, nameOf(state, kind, record), 'delete', () => {
    kind.records(state).delete(recordKey(record, record.id));
    return EMPTY_RESPONSE;
  });
}

/** "If an etag is provided and does not match, the request fails with ABORTED" (AgentGateway schema). */
function checkEtag(kind: Kind, record: NetworkRecord, etag: string): void {
  if (!kind.hasEtag || etag === '' || etag === record.etag) return;
  throw new GoogleError('ABORTED', `The etag does not match the current one of ${record.id}.`);
}

function recordJson(state: State, kind: Kind, record: NetworkRecord): Json {
  const name = nameOf(state, kind, record);
  return { name, ...structuredClone(record.data), ...(kind.hasEtag ? { etag: record.etag } : {}) };
}

function recordResponse(state: State, kind: Kind, record: NetworkRecord): Json {
  const type = `type.googleapis.com/google.cloud.${kind.api}.v1.${kind.message}`;
  return { '@type': type, ...recordJson(state, kind, record) };
}

function writable(kind: Kind, body: Json): Json {
  return Object.fromEntries(Object.entries(body).filter(([field]) => kind.masks.includes(field)));
}

function need(state: State, kind: Kind, verb: string, resource: string): void {
  state.need(`${kind.api}.${kind.collection}.${verb}`, resource, `${kind.api}.googleapis.com`);
}

function numbered(state: State, kind: Kind): boolean {
  return state.settings.projectNumberInNames[kind.api];
}

function nameOf(state: State, kind: Kind, record: NetworkRecord): string {
  return `${placeName(record, numbered(state, kind))}/${kind.collection}/${record.id}`;
}

function start(
  state: State,
  kind: Kind,
  place: Place,
  target: string,
  verb: string,
  commit: (endMs: number) => Json,
): Json {
  const now = state.clock.now();
  const id = state.ids.operation(now);
  const operation = state.operations.start({
    id,
    api: kind.api,
    projectNumber: place.project.number,
    location: place.location,
    name: `${placeName(place, numbered(state, kind))}/operations/${id}`,
    target,
    kind: verb,
    startMs: now,
    durationMs: kind.durationMs(state),
    printsFalse: true,
    metadata: standardMetadata(kind.api, verb, target),
    commit,
  });
  return operationJson(operation);
}
