import { notFound } from '../core/errors.js';
import { filterItems } from '../core/filter.js';
import { asJson, asString, compact, type Json } from '../core/json.js';
import { page } from '../core/paging.js';
import type { Call } from '../core/router.js';
import { principalOf } from '../state/engines.js';
import { engineName, placeName } from '../state/names.js';
import { enginesIn, isVisible, servicesIn } from '../state/services.js';
import type { State } from '../state/state.js';
import type { Collection, EngineRecord, Place, ServiceRecord } from '../state/types.js';

const SERVICE = 'agentregistry.googleapis.com';
const URN_KIND = { endpoints: 'endpoint', agents: 'agent', mcpServers: 'mcp' } as const;
const URN_FIELD = { endpoints: 'endpointId', agents: 'agentId', mcpServers: 'mcpServerId' } as const;

/** Entries of one kind in a registry: projections of services, and for agents the engines that register themselves. */
export function entriesOf(state: State, place: Place, collection: Collection): Json[] {
  const fromServices = servicesIn(state, place)
    .filter((record) => record.collection === collection && isVisible(state, record))
    .map((record) => serviceEntry(state, record));
  const fromEngines =
    collection === 'agents' ? enginesIn(state, place).map((engine) => engineEntry(state, engine)) : [];
  return [...fromServices, ...fromEngines];
}

/** list of one kind of projection (agentregistry discovery: endpoints, agents and mcpServers have get and list only). */
export function listEntries(call: Call, state: State, collection: Collection): Json {
  const place = state.place(call);
  state.need(`agentregistry.${collection}.list`, placeName(place, false), SERVICE);
  const items = filterItems(entriesOf(state, place, collection), call.query.get('filter'));
  return page(items, collection, call.query, call.path, state.settings.pageSize);
}

/** get of one projection by its server-made id. */
export function getEntry(call: Call, state: State, collection: Collection): Json {
  const place = state.place(call);
  const id = call.param('entry');
  const name = `${placeName(place, false)}/${collection}/${id}`;
  state.need(`agentregistry.${collection}.get`, name, SERVICE);
  const entry = entriesOf(state, place, collection).find((item) => asString(item.name).endsWith(`/${id}`));
  if (entry) return entry;
  throw notFound(`Resource '${name}' was not found`);
}

/** `:search` with a free text; at most 100 at a time, 20 when not said (agentregistry discovery). */
export function searchEntries(call: Call, state: State, collection: 'agents' | 'mcpServers'): Json {
  const place = state.place(call);
  const body = asJson(call.body);
  const text = asString(body.searchString).toLowerCase();
  const items = entriesOf(state, place, collection).filter((item) => JSON.stringify(item).toLowerCase().includes(text));
  const query = new URLSearchParams({
    pageSize: String(Number(body.pageSize ?? 0)),
    pageToken: asString(body.pageToken),
  });
  return page(items, collection, query, `${call.path}?${text}`, { default: 20, max: 100 });
}

function serviceEntry(state: State, record: ServiceRecord): Json {
  const { collection, data } = record;
  const base = {
    name: `${placeName(record, state.settings.projectNumberInNames.registryResource)}/${collection}/${record.resourceId}`,
    [URN_FIELD[collection]]: urn(record, collection, `agentregistry:services:${record.id}`),
    displayName: data.displayName,
    description: data.description,
    attributes: {},
    createTime: data.createTime,
    updateTime: data.updateTime,
  };
  if (collection !== 'agents') return compact({ ...base, interfaces: data.interfaces ?? [] });
  const content = asJson(asJson(data.agentSpec).content);
  const card = Object.keys(content).length > 0 ? { type: 'A2A_AGENT_CARD', content } : undefined;
  return compact({
    ...base,
    location: record.location,
    protocols: [{ type: 'CUSTOM', interfaces: data.interfaces ?? [] }],
    card,
  });
}

/** The agent entry of an engine: its attributes are a second source for the engine's principal (agentregistry discovery). */
function engineEntry(state: State, engine: EngineRecord): Json {
  const principal = principalOf(engine);
  const system = 'agentregistry.googleapis.com/system';
  const framework = asJson(engine.data.spec).agentFramework;
  return compact({
    name: `${placeName(engine, state.settings.projectNumberInNames.registryResource)}/agents/${engine.agentId}`,
    agentId: urn(engine, 'agents', `reasoningEngines:${engine.id}`),
    displayName: engine.data.displayName,
    description: engine.data.description,
    location: engine.location,
    protocols: [{ type: 'CUSTOM' }],
    attributes: compact({
      [`${system}/Framework`]: framework === undefined ? undefined : { framework },
      [`${system}/RuntimeIdentity`]: principal === undefined ? undefined : { principal },
      [`${system}/RuntimeReference`]: { uri: `//aiplatform.googleapis.com/${engineName(engine)}` },
    }),
    createTime: engine.data.createTime,
    updateTime: engine.data.updateTime,
  });
}

function urn(place: Place, collection: Collection, rest: string): string {
  const { number } = place.project;
  return `urn:${URN_KIND[collection]}:projects-${number}:projects:${number}:locations:${place.location}:${rest}`;
}
