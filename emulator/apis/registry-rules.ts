import { GoogleError, invalid } from '../core/errors.js';
import { asJson, asString, type Json } from '../core/json.js';
import type { Shape } from '../core/shape.js';
import { interfaceUrls, servicesIn } from '../state/services.js';
import type { State } from '../state/state.js';
import type { Place } from '../state/types.js';

const BINDINGS = ['PROTOCOL_BINDING_UNSPECIFIED', 'JSONRPC', 'GRPC', 'HTTP_JSON'];
const MAX_CONTENT_BYTES = 10 * 1024;
const SPECS = ['agentSpec', 'mcpServerSpec', 'endpointSpec'];

/** The Service message (agentregistry discovery); enum values are upper snake case, gcloud's lower case is not understood. */
export const SERVICE_SHAPE: Shape = {
  message: {
    name: 'string',
    displayName: 'string',
    description: 'string',
    interfaces: { list: { message: { url: 'string', protocolBinding: BINDINGS } } },
    agentSpec: { message: { type: ['TYPE_UNSPECIFIED', 'NO_SPEC', 'A2A_AGENT_CARD'], content: 'any' } },
    mcpServerSpec: { message: { type: ['TYPE_UNSPECIFIED', 'NO_SPEC', 'TOOL_SPEC'], content: 'any' } },
    endpointSpec: { message: { type: ['TYPE_UNSPECIFIED', 'NO_SPEC'], content: 'any' } },
    registryResource: 'string',
    createTime: 'string',
    updateTime: 'string',
  },
};

/** What may be written and named in a mask. */
export const SERVICE_MASKS = ['displayName', 'description', 'interfaces', ...SPECS];

/** The rules the schema's texts state: lengths, exactly one spec, both fields of each interface, content and type in step. */
export function checkService(service: Json): void {
  if (asString(service.displayName).length > 63)
    throw invalid('display_name must be at most 63 characters.', 'service.display_name');
  if (asString(service.description).length > 2048) {
    throw invalid('description must be at most 2048 characters.', 'service.description');
  }
  const specs = SPECS.filter((field) => service[field] !== undefined);
  if (specs.length !== 1) {
    throw invalid('Exactly one of agent_spec, mcp_server_spec, endpoint_spec must be set.', 'service.spec');
  }
  checkInterfaces(service);
  checkSpec(service, specs[0] ?? '');
}

function checkInterfaces(service: Json): void {
  const interfaces = Array.isArray(service.interfaces) ? service.interfaces : [];
  interfaces.map(asJson).forEach((item, index) => {
    const field = `service.interfaces[${index}]`;
    const binding = asString(item.protocolBinding);
    if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/]+/i.test(asString(item.url)))
      throw invalid(`${field}.url must be a valid URL.`, `${field}.url`);
    if (binding === '' || binding === BINDINGS[0]) {
      throw invalid(`Required field is not set: ${field}.protocol_binding.`, `${field}.protocol_binding`);
    }
  });
}

function checkSpec(service: Json, field: string): void {
  const spec = asJson(service[field]);
  const type = asString(spec.type);
  const content = spec.content;
  if (type === '' || type === 'TYPE_UNSPECIFIED')
    throw invalid('The type of the spec is required.', `service.${field}.type`);
  if (type === 'NO_SPEC' && content !== undefined)
    throw invalid('content must be empty with NO_SPEC.', `service.${field}.content`);
  if (content !== undefined && JSON.stringify(content).length > MAX_CONTENT_BYTES) {
    throw invalid('content must be at most 10 KB.', `service.${field}.content`);
  }
  const count = interfaceUrls(service).length;
  if (type === 'A2A_AGENT_CARD' && count > 0)
    throw invalid('interfaces must be empty with A2A_AGENT_CARD.', 'service.interfaces');
  if (field === 'endpointSpec' && count === 0)
    throw invalid('An endpoint needs at least one interface.', 'service.interfaces');
}

/** One interface URL belongs to one service of a project and location (message from public reports, status unknown: a switch). */
export function checkUrls(state: State, place: Place, id: string, service: Json): void {
  const rule = state.settings.registry.duplicateUrl;
  if (rule === 'accepted') return;
  const urls = interfaceUrls(service);
  const others = servicesIn(state, place).filter((record) => record.id !== id);
  const taken = urls.find((url) => others.some((record) => interfaceUrls(record.data).includes(url)));
  if (taken === undefined) return;
  throw new GoogleError(rule, `Interface URL '${taken}' is already in use by another service`);
}
