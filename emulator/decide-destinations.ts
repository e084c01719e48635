import { compact, type Json } from './core/json.js';
import { servicesWithHost } from './decide-registry.js';
import type { EgressRequest } from './decide-types.js';
import { placeName } from './state/names.js';
import type { State } from './state/state.js';
import type { NetworkRecord, ServiceRecord } from './state/types.js';

/** One way to see where a request goes. */
export interface Destination {
  /** The `destination` of a condition (attributes page). */
  readonly attributes: Json;
  /** The host as conditions see it. */
  readonly host: string;
  readonly service?: ServiceRecord;
}

const KINDS = {
  endpoints: { type: 'ENDPOINT', field: 'endpoint' },
  agents: { type: 'AGENT', field: 'agent' },
  mcpServers: { type: 'MCP_SERVER', field: 'mcp_server' },
} as const;

/** MCP methods that use something of a server; all others are base methods. */
const MCP_USES: Readonly<Record<string, { readonly method: string; readonly field: string }>> = {
  'tools/call': { method: 'tools', field: 'tool' },
  'prompts/get': { method: 'prompts', field: 'prompt' },
  'resources/read': { method: 'resources', field: 'resource' },
};

/** The entries of attached registries that have the host, or one destination that is not registered. */
export function destinationsOf(state: State, gateway: NetworkRecord, request: EgressRequest): Destination[] {
  const host = hostOf(state, request.host);
  const services = servicesWithHost(state, gateway, request.host);
  if (services.length > 0)
    return services.map((service) => ({ attributes: registered(state, service, request), host, service }));
  const { method = 'GET', path = '/' } = request;
  const verb = state.settings.iam.unregisteredMethod === 'upper' ? method.toUpperCase() : method.toLowerCase();
  return [{ attributes: { is_registered: false, unregistered: { host, path, method: verb } }, host }];
}

/** Does the request only open the conversation with an MCP server, or look what it has? */
export function isMcpBaseMethod({ mcp }: EgressRequest, destinations: readonly Destination[]): boolean {
  if (mcp === undefined || MCP_USES[mcp.method] !== undefined) return false;
  return destinations.some(({ service }) => service?.collection === 'mcpServers');
}

function hostOf(state: State, host: string): string {
  const lower = host.toLowerCase();
  return state.settings.iam.unregisteredPort === 'stripped' ? lower.replace(/:\d+$/, '') : lower;
}

/** Entries are named by the id the registry made, not by the service's (public live report). */
function registered(state: State, service: ServiceRecord, request: EgressRequest): Json {
  const { collection, resourceId, location, project } = service;
  const { type, field } = KINDS[collection];
  const place = placeName(service, state.settings.iam.destinationNames !== 'id');
  const entry = { name: `${place}/${collection}/${resourceId}`, ...(field === 'mcp_server' ? mcpUse(request) : {}) };
  return {
    is_registered: true,
    agent_registry: { resource_type: type, location, project_id: project.id, [field]: entry },
  };
}

function mcpUse({ mcp }: EgressRequest): Json {
  const use = mcp && MCP_USES[mcp.method];
  if (mcp === undefined || use === undefined) return {};
  const annotations = Object.fromEntries((mcp.hints ?? []).map((hint) => [`${hint}_hint`, true]));
  return { method: use.method, [use.field]: compact({ name: mcp.name, annotations }) };
}
