import type { Desired, DesiredAgent, DesiredEndpoint, GatewayReference, Origin } from '../../src/config/desired.js';
import { formatEngineName, principalOf, type ProjectRef } from '../../src/google/names.js';
import type { AgentGateway, AgentGatewayConfig, IamPolicy, RegistryService } from '../../src/google/types.js';
import type { Observed, ObservedEngine } from '../../src/observe/observed.js';
import { ownedDescription } from '../../src/plan/ownership.js';

export const PROJECT: ProjectRef = { id: 'acme-agents', number: '101010' };
export const OTHER_PROJECT: ProjectRef = { id: 'acme-network', number: '202020' };
export const REGION = 'us-central1';
export const UNIVERSE = 'googleapis.com';
export const FILE = 'agent-gateway.yaml';
export const EGRESSOR = 'roles/iap.egressor';

export const fromFile = (line = 1): Origin => ({ kind: 'file', file: FILE, line, column: 3 });
export const fromInput = (input = 'engines'): Origin => ({ kind: 'input', input });

export const gatewayNamed = (id: string, project = PROJECT.id): string =>
  `projects/${project}/locations/${REGION}/agentGateways/${id}`;
export const engineNamed = (id: string): string => formatEngineName({ project: PROJECT.number, location: REGION, id });
export const serviceNamed = (id: string, project = PROJECT.id): string =>
  `projects/${project}/locations/${REGION}/services/${id}`;
export const resourceOf = (id: string): string =>
  `projects/${PROJECT.number}/locations/${REGION}/endpoints/agentregistry-${id}`;
export const iapOf = (id: string, project = PROJECT.number): string =>
  `projects/${project}/locations/${REGION}/iap_web/agentRegistry/endpoints/agentregistry-${id}`;
export const identityOf = (id: string): string =>
  `agents.global.org-5550001.system.id.goog/resources/aiplatform/${engineNamed(id)}`;
export const memberOf = (id: string): string => principalOf(identityOf(id)) ?? '';

export function gateway(id: string, project?: string): GatewayReference {
  return { ...(project === undefined ? {} : { project }), location: REGION, id, origin: fromFile(2) };
}

/** An endpoint with these URLs (a host alone will do). */
export function endpoint(key: string, hosts: readonly string[], more: Partial<DesiredEndpoint> = {}): DesiredEndpoint {
  return {
    key,
    displayName: key,
    presets: [],
    urls: hosts.map((host) => ({ url: urlOf(host), origin: fromFile(5) })),
    protocol: 'JSONRPC',
    carryOver: false,
    origin: fromFile(4),
    ...more,
  };
}

export const urlOf = (host: string): string => (host.startsWith('https://') ? host : `https://${host}`);

/** An agent that is selected by ID. */
export function agent(id: string, allow: readonly string[], origin: Origin = fromFile(9)): DesiredAgent {
  return { selector: { kind: 'id', id, text: id, origin }, allow };
}

export function desired(more: Partial<Desired> = {}): Desired {
  return {
    project: PROJECT.id,
    region: REGION,
    gateways: {},
    endpoints: [],
    agents: [],
    partial: more.only !== undefined,
    move: false,
    allowGiven: false,
    prune: false,
    migrate: false,
    checkLevels: {},
    config: FILE,
    ...more,
  };
}

/** The description that makes a service this config's own. */
export const markOf = (key: string, config = FILE): string =>
  ownedDescription({ config, scope: { project: PROJECT.id, region: REGION }, key });

/** A service of somebody else with these hosts. */
export function service(id: string, hosts: readonly string[], more: Partial<RegistryService> = {}): RegistryService {
  return {
    name: serviceNamed(id),
    displayName: id,
    description: 'made by hand',
    interfaces: hosts.map((host) => ({ url: urlOf(host), protocolBinding: 'JSONRPC' })),
    endpointSpec: { type: 'NO_SPEC' },
    registryResource: resourceOf(id),
    ...more,
  };
}

/** A service that this config made. */
export const ownedService = (
  id: string,
  hosts: readonly string[],
  more: Partial<RegistryService> = {},
): RegistryService => service(id, hosts, { description: markOf(id), ...more });

export interface EngineParts {
  readonly displayName?: string;
  readonly allow?: readonly string[];
  readonly config?: AgentGatewayConfig;
  readonly env?: Readonly<Record<string, string>>;
  readonly identity?: string;
}

export interface AllowedEngine extends ObservedEngine {
  readonly allow: readonly string[];
}

export function observedEngine(id: string, parts: EngineParts = {}): AllowedEngine {
  const { displayName = `agent ${id}`, allow = [], config = {}, env = {}, identity = identityOf(id) } = parts;
  const principal = principalOf(identity);
  const identityType = principal === undefined ? 'SERVICE_ACCOUNT' : 'AGENT_IDENTITY';
  return {
    name: engineNamed(id),
    id,
    displayName,
    ...(principal === undefined ? {} : { principal }),
    identityType,
    env,
    config,
    allow,
    resource: { name: engineNamed(id), displayName, spec: { identityType, effectiveIdentity: identity } },
  };
}

export interface ObservedParts extends Partial<Omit<Observed, 'engines' | 'policies'>> {
  readonly engines?: readonly AllowedEngine[];
  /** By ID of the service. */
  readonly policies?: Readonly<Record<string, IamPolicy>>;
}

export function observed(parts: ObservedParts = {}): Observed {
  const { engines = [], policies = {}, ...rest } = parts;
  return {
    project: PROJECT,
    region: REGION,
    registryProject: PROJECT,
    selection: {
      engines: engines.map(({ name }) => name),
      allow: new Map(engines.map(({ name, allow }) => [name, allow])),
      problems: [],
    },
    engines,
    siblings: [],
    attached: [],
    disabledApis: [],
    failedUpdates: new Map(),
    engineNames: engines.map(({ name }) => name),
    gateways: {},
    services: [],
    registryPolicy: { etag: 'ACAB' },
    policies: new Map(Object.entries(policies).map(([id, policy]) => [resourceOf(id), policy])),
    ...rest,
  };
}

export const egressConfig = (id: string, project = PROJECT.id): AgentGatewayConfig => ({
  agentToAnywhereConfig: { agentGateway: gatewayNamed(id, project) },
});
export const ingressConfig = (id: string, project = PROJECT.id): AgentGatewayConfig => ({
  clientToAgentConfig: { agentGateway: gatewayNamed(id, project) },
});

export const policyOf = (members: readonly string[], etag = 'e1'): IamPolicy => ({
  version: 1,
  etag,
  bindings: [{ role: EGRESSOR, members: [...members] }],
});

export const egressGateway = (id = 'egress', project = PROJECT.id): AgentGateway => ({
  name: gatewayNamed(id, project),
  googleManaged: { governedAccessPath: 'AGENT_TO_ANYWHERE' },
  agentGatewayCard: { rootCertificates: ['-----BEGIN CERTIFICATE-----'] },
});
export const ingressGateway = (id = 'ingress'): AgentGateway => ({
  name: gatewayNamed(id),
  googleManaged: { governedAccessPath: 'CLIENT_TO_AGENT' },
});
