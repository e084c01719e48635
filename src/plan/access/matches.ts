import type { ProjectRef, RegistryCollection, RegistryResourceName } from '../../google/names.js';
import type { AccessRule } from '../../google/types.js';
import { and, not, or, parseCondition, truthOf, type Attributes, type Truth } from './truth.js';

/** The permission that an IAP V2 gateway checks (Google's "Configure IAM policies" page of Agent Gateway). */
export const EGRESS_PERMISSION = 'iap.googleapis.com/resources.egressViaIAP';
/** The key of its conditions. */
export const IAP_SERVICE = 'iap.googleapis.com';

/** What the attributes of each kind of registered destination are called, and its `resource_type` ("CEL attributes" page). */
export const ATTRIBUTE_OF: Readonly<Record<RegistryCollection, { readonly field: string; readonly type: string }>> = {
  endpoints: { field: 'endpoint', type: 'ENDPOINT' },
  agents: { field: 'agent', type: 'AGENT' },
  mcpServers: { field: 'mcp_server', type: 'MCP_SERVER' },
};

/** A registered destination, as conditions may name it. */
export interface Destination {
  readonly resource: RegistryResourceName;
  /** The registry's project. */
  readonly project: ProjectRef;
  /** ID of its Agent Registry service. */
  readonly serviceId: string;
}

/**
 * Whether a rule is about this agent at this destination, whatever its effect. Some of what decides is not documented (which of
 * the forms of a name a gateway compares with): where the forms disagree, the answer is unknown.
 *
 * @param principal IAM member of an agent, `principal://…`
 */
export function isAbout(rule: AccessRule, principal: string, destination: Destination): Truth {
  const who = isAboutAgent(rule, principal);
  return who === false ? false : and(who, isAboutDestination(rule, destination));
}

/** The same for any destination. */
export function isAboutAgent({ principals, excludedPrincipals }: AccessRule, principal: string): Truth {
  return and(anyCovers(principals, principal), not(anyCovers(excludedPrincipals, principal)));
}

/** The same for any agent. */
export function isAboutDestination(rule: AccessRule, destination: Destination): Truth {
  return and(isAboutEgress(rule), holdsAt(rule, destination));
}

function isAboutEgress({ operation = {} }: AccessRule): Truth {
  const { permissions = [], excludedPermissions = [] } = operation;
  return and(anyPermission(permissions), not(anyPermission(excludedPermissions)));
}

/** Whether a permission with an asterisk is taken, and what it means, is not documented for access policies. */
function anyPermission(permissions: readonly string[]): Truth {
  return any(permissions, (permission) => {
    if (permission === EGRESS_PERMISSION) return true;
    return permission.includes('*') ? 'unknown' : false;
  });
}

function holdsAt({ conditions }: AccessRule, destination: Destination): Truth {
  const entries = Object.entries(conditions ?? {});
  if (entries.length === 0) return true;
  const expression = conditions?.[IAP_SERVICE]?.expression;
  // With conditions for other services alone it is not documented whether the rule holds for this one.
  if (expression === undefined) return 'unknown';
  const ast = parseCondition(expression);
  if (ast === undefined) return 'unknown';
  const sure = attributesOf(destination).map((attributes) => truthOf(ast, attributes));
  const [first = 'unknown'] = sure;
  if (sure.some((truth) => truth !== first)) return 'unknown';
  if (first !== false) return first;
  return unlikelyAttributesOf(destination).some((attributes) => truthOf(ast, attributes) !== false) ? 'unknown' : false;
}

/** Endpoints are named by the registry's own ID, with the project's number or its ID; which one is compared is not documented. */
function attributesOf(destination: Destination): Attributes[] {
  return projectsIn(destination).map((project) => attributes(destination, nameOf(destination, project)));
}

/** What single pages print and nobody was seen to need: a slash in front, the service's own ID, the long type, the number. */
function unlikelyAttributesOf(destination: Destination): Attributes[] {
  const { project, resource, serviceId } = destination;
  const { type } = ATTRIBUTE_OF[resource.collection];
  const names = projectsIn(destination).flatMap((name) => [
    `/${nameOf(destination, name)}`,
    nameOf(destination, name, serviceId),
  ]);
  const title = type
    .split('_')
    .map((word) => `${word.charAt(0)}${word.slice(1).toLowerCase()}`)
    .join('');
  return [
    ...names.map((name) => attributes(destination, name)),
    ...projectsIn(destination).flatMap((name) => [
      attributes(destination, nameOf(destination, name), { type: `agentregistry.googleapis.com/${title}` }),
      attributes(destination, nameOf(destination, name), { projectId: project.number }),
    ]),
  ];
}

function attributes(
  { resource, project }: Destination,
  name: string,
  { type = ATTRIBUTE_OF[resource.collection].type, projectId = project.id } = {},
): Attributes {
  const registry = 'destination.agent_registry';
  return {
    known: new Map<string, string | boolean>([
      ['destination.is_registered', true],
      [`${registry}.resource_type`, type],
      [`${registry}.location`, resource.location],
      [`${registry}.project_id`, projectId],
      [`${registry}.${ATTRIBUTE_OF[resource.collection].field}.name`, name],
    ]),
    // Tools and methods are those of a single request.
    ...(resource.collection === 'mcpServers' ? { open: `${registry}.mcp_server.` } : {}),
  };
}

function projectsIn({ project }: Destination): string[] {
  return [project.number, project.id];
}

/** @returns `projects/{p}/locations/{l}/{collection}/{id}` */
export function nameOf({ resource }: Pick<Destination, 'resource'>, project: string, id = resource.id): string {
  return `projects/${project}/locations/${resource.location}/${resource.collection}/${id}`;
}

const AGENT = /^principal:\/\/([^/]+)\/resources\/([^/]+)\/projects\/([^/]+)\//;

function anyCovers(members: readonly string[] | undefined, principal: string): Truth {
  return any(members ?? [], (member) => covers(member, principal));
}

/**
 * Whether a member of a rule means this agent. The sets are those of Google's "Agent identity" page; groups, users and service
 * accounts are no agents.
 */
export function covers(member: string, principal: string): Truth {
  if (member === principal) return true;
  if (!member.startsWith('principalSet://')) return false;
  const [, domain, platform, project] = AGENT.exec(principal) ?? [];
  if (domain === undefined || platform === undefined || project === undefined) return 'unknown';
  const set = member.slice('principalSet://'.length);
  const [first = ''] = set.split('/');
  // Agents of another trust domain are other agents; `goog` has sets of everybody.
  if (first.startsWith('agents.global.') && first !== domain) return false;
  if (set === `${domain}/*` || set === `${domain}/attribute.platform/${platform}`) return true;
  const [, container] = /\/attribute\.platformContainer\/(.*)$/.exec(set) ?? [];
  if (first === domain && container?.startsWith(`${platform}/projects/`)) {
    const named = container.slice(`${platform}/projects/`.length);
    // By number, as the identity has it; an ID may be that of the same project.
    return /^\d+$/.test(named) ? named === project : 'unknown';
  }
  return 'unknown';
}

function any<T>(items: readonly T[], truth: (item: T) => Truth): Truth {
  return items.reduce<Truth>((found, item) => or(found, truth(item)), false);
}
