import { timestamp } from '../core/clock.js';
import { GoogleError, invalid, notFound, quotaFailure } from '../core/errors.js';
import { filterItems } from '../core/filter.js';
import { asString, type Json } from '../core/json.js';
import { applyMask, checkMask, readMask } from '../core/masks.js';
import { EMPTY_RESPONSE, operationJson, standardMetadata } from '../core/operations.js';
import { page } from '../core/paging.js';
import type { Call } from '../core/router.js';
import { readMessage } from '../core/shape.js';
import { placeKey, placeName, recordKey } from '../state/names.js';
import {
  addService,
  isVisible,
  registryResource,
  removeService,
  servicesIn,
  SPEC_FIELD,
  COLLECTIONS,
} from '../state/services.js';
import type { State } from '../state/state.js';
import type { Place, ServiceRecord } from '../state/types.js';
import { checkService, checkUrls, SERVICE_MASKS, SERVICE_SHAPE } from './registry-rules.js';

const SERVICE = 'agentregistry.googleapis.com';
/** `^[a-z][a-z0-9-]{2,61}[a-z0-9]$`: 4 to 63 characters (Google's Terraform demo; the discovery text is looser). */
const SERVICE_ID = /^[a-z][a-z0-9-]{2,61}[a-z0-9]$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ZERO_UUID = '00000000-0000-0000-0000-000000000000';
const IDEMPOTENT_MS = 60 * 60 * 1000;

/** services.list: by pages, filtered by what AIP-160 equality can say. */
export function listServices(call: Call, state: State): Json {
  const place = state.place(call);
  state.need('agentregistry.services.list', placeName(place, false), SERVICE);
  const items = servicesIn(state, place).map((record) => serviceJson(state, record));
  return page(filterItems(items, call.query.get('filter')), 'services', call.query, call.path, state.settings.pageSize);
}

/** services.get, with `registryResource` once the projection is there. */
export function getService(call: Call, state: State): Json {
  const place = state.place(call);
  state.need('agentregistry.services.get', serviceName(state, place, call.param('service')), SERVICE);
  return serviceJson(state, findService(call, state));
}

/** services.create: an operation; `registryResource` is to be read from the service afterwards, not from the response. */
export function createService(call: Call, state: State): Json {
  const place = state.place(call);
  const id = call.query.get('serviceId') ?? '';
  const name = serviceName(state, place, id);
  state.need('agentregistry.services.create', placeName(place, false), SERVICE);
  if (!SERVICE_ID.test(id)) throw invalid(`Invalid service_id '${id}', must match ${SERVICE_ID.source}.`, 'service_id');
  const body = writable(readMessage(call.body, SERVICE_SHAPE, 'service'));
  return idempotent(call, state, name, () => {
    refuseMultiRegion(state, place);
    checkService(body);
    refuseDuplicate(state, place, id, name);
    checkUrls(state, place, id, body);
    checkQuota(state, place, body);
    const now = timestamp(state.clock.now());
    return startOperation(state, place, name, 'create', () => {
      // Of two creates that raced for a URL or an id, the one that ends first has it.
      checkUrls(state, place, id, body);
      const record = addService(state, place, id, { ...body, createTime: now, updateTime: now });
      return { '@type': typeUrl('Service'), ...serviceJson(state, record) };
    });
  });
}

/** services.patch: the projection keeps its id. Without a mask all fields present in the request are overwritten (discovery). */
export function patchService(call: Call, state: State): Json {
  const record = findService(call, state);
  const name = serviceName(state, record, record.id);
  state.need('agentregistry.services.update', name, SERVICE);
  const body = writable(readMessage(call.body, SERVICE_SHAPE, 'service'));
  const mask = readMask(call.query.get('updateMask'));
  const paths = mask.length === 0 ? Object.keys(body) : mask.includes('*') ? [...SERVICE_MASKS] : mask;
  checkMask(paths, SERVICE_MASKS, 'Service');
  return idempotent(call, state, name, () => {
    const wanted = applyMask(record.data, body, paths);
    checkService(wanted);
    if (wanted[SPEC_FIELD[record.collection]] === undefined)
      throw invalid('The spec type of a service is immutable.', 'service');
    checkUrls(state, record, record.id, wanted);
    return startOperation(state, record, name, 'update', (endMs) => {
      record.data = { ...applyMask(record.data, body, paths), updateTime: timestamp(endMs) };
      return { '@type': typeUrl('Service'), ...serviceJson(state, record) };
    });
  });
}

/** services.delete: an operation; the projection and its grants go with the service. */
export function deleteService(call: Call, state: State): Json {
  const place = state.place(call);
  const name = serviceName(state, place, call.param('service'));
  state.need('agentregistry.services.delete', name, SERVICE);
  return idempotent(call, state, name, () => {
    const record = findService(call, state);
    return startOperation(state, record, name, 'delete', () => {
      // Of two deletions the one that ends last finds nothing, or a service that was made anew meanwhile.
      if (state.services.get(recordKey(record, record.id)) !== record) throw missing(name);
      removeService(state, record);
      return EMPTY_RESPONSE;
    });
  });
}

/** A Service as it is printed; `registryResource` appears together with the projection. */
function serviceJson(state: State, record: ServiceRecord): Json {
  return {
    name: serviceName(state, record, record.id),
    ...structuredClone(record.data),
    ...(isVisible(state, record) ? { registryResource: registryResource(state, record) } : {}),
  };
}

function serviceName(state: State, place: Place, id: string): string {
  return `${placeName(place, state.settings.projectNumberInNames.services)}/services/${id}`;
}

function findService(call: Call, state: State): ServiceRecord {
  const place = state.place(call);
  const id = call.param('service');
  const record = state.services.get(recordKey(place, id));
  if (record) return record;
  throw missing(serviceName(state, place, id));
}

function missing(name: string): GoogleError {
  return notFound(`Resource '${name}' was not found`);
}

/** Output-only fields in a request are ignored, as AIP-203 has it. */
function writable(body: Json): Json {
  return Object.fromEntries(Object.entries(body).filter(([field]) => SERVICE_MASKS.includes(field)));
}

function refuseMultiRegion(state: State, place: Place): void {
  if (state.settings.registry.multiRegionRegistration === 'accepted') return;
  if (place.location !== 'us' && place.location !== 'eu') return;
  throw invalid(`Location ${place.location}: manual registration not supported.`, 'parent');
}

function refuseDuplicate(state: State, place: Place, id: string, name: string): void {
  const pending = state.operations.running('agentregistry', name);
  if (!state.services.has(recordKey(place, id)) && pending === undefined) return;
  throw new GoogleError('ALREADY_EXISTS', `Resource '${name}' already exists`);
}

/** 100 entries of each kind per project and location (Agent Registry quotas page). */
function checkQuota(state: State, place: Place, body: Json): void {
  const collection = COLLECTIONS.find((kind) => body[SPEC_FIELD[kind]] !== undefined) ?? 'endpoints';
  const { quotaPerKind } = state.settings.registry;
  const used = servicesIn(state, place).filter((record) => record.collection === collection).length;
  if (used < quotaPerKind) return;
  const message = `Quota limit of ${quotaPerKind} ${collection} per project and location exceeded.`;
  throw new GoogleError('RESOURCE_EXHAUSTED', message, [quotaFailure(placeKey(place), message)]);
}

/** The same requestId means the same operation for an hour; anything but a UUID that is not zero is a 400 (discovery). */
function idempotent(call: Call, state: State, name: string, start: () => Json): Json {
  const requestId = call.query.get('requestId');
  if (requestId === null || requestId === '') return start();
  if (!UUID.test(requestId) || requestId === ZERO_UUID) {
    throw invalid(`Invalid request_id '${requestId}', must be a valid UUID other than zero.`, 'request_id');
  }
  const key = `${call.method} ${name} ${requestId}`;
  const now = state.clock.now();
  const before = state.requestIds.get(key);
  const known = state.operations.list((operation) => operation.name === before?.operation)[0];
  if (before !== undefined && known !== undefined && now - before.atMs < IDEMPOTENT_MS) return operationJson(known);
  const operation = start();
  state.requestIds.set(key, { operation: asString(operation.name), atMs: now });
  return operation;
}

function startOperation(
  state: State,
  place: Place,
  target: string,
  verb: string,
  commit: (endMs: number) => Json,
): Json {
  const now = state.clock.now();
  const id = state.ids.operation(now);
  const operation = state.operations.start({
    id,
    api: 'agentregistry',
    projectNumber: place.project.number,
    location: place.location,
    name: `${placeName(place, state.settings.projectNumberInNames.services)}/operations/${id}`,
    target,
    kind: verb,
    startMs: now,
    durationMs: state.settings.operations.serviceMs,
    printsFalse: true,
    metadata: standardMetadata('agentregistry', verb, target),
    commit,
  });
  return operationJson(operation);
}

function typeUrl(message: string): string {
  return `type.googleapis.com/google.cloud.agentregistry.v1.${message}`;
}
