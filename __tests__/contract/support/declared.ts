import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import type { AccessPolicyInput, ServiceInput, WorldInput } from '../../../emulator/index.js';
import { world } from './stage.js';

/*
 * Worlds in which everything is as a config declares it, for tests of what comes after that. The texts are those that an apply
 * leaves: declared.test.ts compares these worlds with what an apply makes of the same start.
 */

interface Config {
  readonly project: string;
  readonly region: string;
  readonly gateways?: { readonly egress?: string; readonly ingress?: string };
  readonly endpoints: Readonly<Record<string, { readonly urls: readonly string[] }>>;
  readonly agents: readonly { readonly engine: string; readonly allow?: readonly string[] }[];
}

/** A key of the config, and who is allowed it. */
interface Endpoint {
  readonly key: string;
  readonly urls: readonly string[];
  readonly resourceId: string;
  readonly members: readonly string[];
}

export const FILE = 'agent-gateway.yaml';
/** What marks call that file in a job of the fake GitHub's repository. */
export const FILE_IN_REPOSITORY = `acme/agents:${FILE}`;

/**
 * @param text a config of one project and region, with URLs, display names (or `all`) and short names of gateways; what else a
 *   config may hold is not understood
 * @param start the world before; its extensions say which kind of policies there are
 * @param owner what marks call the file of the config
 * @returns the world that an apply of this config leaves
 */
export function declaredWorld(text: string, start: WorldInput = world(), owner = FILE): WorldInput {
  const config = parse(text) as Config;
  const endpoints = endpointsOf(config, start);
  const isV2 = (start.extensions ?? []).some(({ policyVersion }) => policyVersion === 'V2');
  const services = endpoints.map((endpoint) => serviceOf(endpoint, config, owner, !isV2));
  return {
    ...start,
    engines: (start.engines ?? []).map((engine) =>
      agentsOf(config, engine).length > 0 ? { ...engine, ...config.gateways } : engine,
    ),
    services: [...(start.services ?? []), ...services],
    accessPolicies: [...(start.accessPolicies ?? []), ...(isV2 ? [policyOf(endpoints, config, start, owner)] : [])],
  };
}

/** What the config says of an engine. */
const agentsOf = ({ agents }: Config, { displayName }: { displayName: string }): Config['agents'] =>
  agents.filter(({ engine }) => engine === 'all' || engine === displayName);

/** The endpoints by key, with their members in the order of IAM. */
function endpointsOf(config: Config, { engines = [] }: WorldInput): Endpoint[] {
  const keys = Object.keys(config.endpoints).sort();
  return keys.map((key, index) => ({
    key,
    urls: config.endpoints[key]?.urls ?? [],
    resourceId: `agentregistry-00000000-0000-0000-0000-${String(index).padStart(12, '0')}`,
    members: engines
      .filter((engine) => agentsOf(config, engine).some(({ allow = [] }) => allow.includes(key)))
      .map(({ id }) => `engine:${id}`)
      .sort(),
  }));
}

function serviceOf(
  { key, urls, resourceId, members }: Endpoint,
  { project, region }: Config,
  owner: string,
  withPolicy: boolean,
): ServiceInput {
  return {
    id: key,
    description: `Managed by bind-agent-gateway. [config=${owner} scope=${project}/${region} key=${key}]`,
    urls: [...urls],
    resourceId,
    // Newer than the engines of the start, and not newer than one that is deployed later.
    createTime: new Date().toISOString(),
    ...(withPolicy && members.length > 0 ? { policy: [{ members: [...members] }] } : {}),
  };
}

/** The access policy with a rule for each endpoint that somebody is allowed, bound to the project. */
function policyOf(
  endpoints: readonly Endpoint[],
  { project, region }: Config,
  { projects }: WorldInput,
  owner: string,
): AccessPolicyInput {
  const number = projects.find(({ id }) => id === project)?.number ?? '';
  const place = (name: string): string => `projects/${name}/locations/${region}`;
  const mark = (key: string): string =>
    `bag:${hashOf(JSON.stringify([owner, project, region]))}.${hashOf(`${place(project)}/services/${key}`)}`;
  const rules = endpoints.map(({ key, resourceId, members }) => {
    const names = [number, project].map((name) => `'${place(name)}/endpoints/${resourceId}'`).join(', ');
    const expression = `(destination.is_registered == true) && (destination.agent_registry.endpoint.name in [${names}])`;
    return {
      description: `${mark(key)} ${key} for ${owner}. Managed by bind-agent-gateway.`,
      principals: [...members],
      conditions: { 'iap.googleapis.com': { title: key, expression } },
    };
  });
  return {
    id: 'agent-gateway-egress',
    displayName: 'Agent Gateway egress',
    annotations: { 'bind-agent-gateway/managed': 'true' },
    rules: rules.filter(({ principals }) => principals.length > 0),
    boundTo: [`projects/${number}`],
  };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);
