import { asJson, asString, type Json } from '../core/json.js';
import { placeKey, placeName, recordKey } from './names.js';
import type { State } from './state.js';
import type { Collection, EngineRecord, Place, PolicyTarget, ServiceRecord } from './types.js';

/** Spec field of a service per kind of projection (agentregistry discovery: exactly one is set). */
export const SPEC_FIELD = { endpoints: 'endpointSpec', agents: 'agentSpec', mcpServers: 'mcpServerSpec' } as const;
export const COLLECTIONS: readonly Collection[] = ['endpoints', 'agents', 'mcpServers'];

/** Stores a new service; its projection gets a new id, even when a service of that name existed before. */
export function addService(state: State, place: Place, id: string, data: Json, resourceId?: string): ServiceRecord {
  const record: ServiceRecord = {
    ...place,
    id,
    data,
    collection: COLLECTIONS.find((collection) => data[SPEC_FIELD[collection]] !== undefined) ?? 'endpoints',
    resourceId: resourceId ?? state.ids.projection(),
    visibleFromMs: state.clock.now() + state.settings.registry.registryResourceDelayMs,
  };
  state.services.set(recordKey(place, id), record);
  return record;
}

/** Removes a service with its projection and the projection's policy: grants are lost. */
export function removeService(state: State, record: ServiceRecord): void {
  state.services.delete(recordKey(record, record.id));
  state.policies.delete(`${placeKey(record)}/${record.collection}/${record.resourceId}`);
}

/** Services of one registry, in order of creation. */
export function servicesIn(state: State, place: Place): ServiceRecord[] {
  return [...state.services.values()].filter((record) => placeKey(record) === placeKey(place));
}

/** Engines of one project and region, in order of creation. */
export function enginesIn(state: State, place: Place): EngineRecord[] {
  return [...state.engines.values()].filter((engine) => placeKey(engine) === placeKey(place));
}

/** Has the projection appeared yet? It may lag behind the operation (public field reports). */
export function isVisible(state: State, record: ServiceRecord): boolean {
  return record.visibleFromMs <= state.clock.now();
}

/** `projects/{p}/locations/{l}/endpoints/{id}`: docs print the project number, some live output the ID (a switch). */
export function registryResource(state: State, record: ServiceRecord): string {
  const place = placeName(record, state.settings.projectNumberInNames.registryResource);
  return `${place}/${record.collection}/${record.resourceId}`;
}

/** Does this registry hold the entry the target names? A whole registry always exists. */
export function targetExists(state: State, target: PolicyTarget): boolean {
  const entry = target.entry;
  if (entry === undefined) return true;
  const ofService = servicesIn(state, target).some(
    (record) => record.collection === entry.collection && record.resourceId === entry.id && isVisible(state, record),
  );
  if (ofService || entry.collection !== 'agents') return ofService;
  return enginesIn(state, target).some((engine) => engine.agentId === entry.id);
}

/** Interface URLs of a service, in order. */
export function interfaceUrls(data: Json): string[] {
  const interfaces = Array.isArray(data.interfaces) ? data.interfaces : [];
  return interfaces.map((item) => asString(asJson(item).url));
}
