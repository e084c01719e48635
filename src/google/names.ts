import type { Project } from './types.js';

/**
 * Resource names. `projects/{project}` takes the project's ID or its number everywhere, and answers come back with either one
 * (aiplatform answers with the number, networkservices with what was sent): two names are compared here, never as text.
 */

/** A project by both its names. */
export interface ProjectRef {
  readonly id: string;
  readonly number: string;
}

/** A resource below `projects/{project}/locations/{location}`. */
export interface ResourceName {
  /** Project ID or number, as the name has it. */
  readonly project: string;
  readonly location: string;
  readonly id: string;
}

export type RegistryCollection = 'endpoints' | 'agents' | 'mcpServers';

/** `projects/{p}/locations/{l}/{endpoints|agents|mcpServers}/{id}`: what an Agent Registry service is projected into. */
export interface RegistryResourceName extends ResourceName {
  readonly collection: RegistryCollection;
}

/** A name that no request may be built from. Thrown before anything is sent. */
export class ResourceNameError extends Error {
  override readonly name = 'ResourceNameError';
}

/** @returns the parts of `projects/{p}/locations/{l}/reasoningEngines/{id}`, or undefined for anything else */
export const parseEngineName = (name: string): ResourceName | undefined => parse(name, 'reasoningEngines');
/** @throws ResourceNameError when a part is empty or holds a slash */
export const formatEngineName = (name: ResourceName): string => format(name, 'reasoningEngines');

/** @returns the parts of `projects/{p}/locations/{l}/agentGateways/{id}`, or undefined for anything else */
export const parseGatewayName = (name: string): ResourceName | undefined => parse(name, 'agentGateways');
/** @throws ResourceNameError when a part is empty or holds a slash */
export const formatGatewayName = (name: ResourceName): string => format(name, 'agentGateways');

/** @returns the parts of `projects/{p}/locations/{l}/services/{id}`, or undefined for anything else */
export const parseServiceName = (name: string): ResourceName | undefined => parse(name, 'services');
/** @throws ResourceNameError when a part is empty or holds a slash */
export const formatServiceName = (name: ResourceName): string => format(name, 'services');

/**
 * One of a gateway's `registries`, `//agentregistry.googleapis.com/projects/{p}/locations/{l}`.
 * @returns its project (ID or number, as the name has it) and location, or undefined for anything else
 */
export function parseRegistryName(name: string): Omit<ResourceName, 'id'> | undefined {
  const [, project, location] =
    /^(?:(?:https:)?\/\/agentregistry\.[^/]+\/(?:v\d[a-z\d]*\/)?)?projects\/([^/]+)\/locations\/([^/]+)\/?$/.exec(
      name,
    ) ?? [];
  return isSegment(project) && isSegment(location) ? { project, location } : undefined;
}

/** @returns the parts of `projects/{p}/locations/{l}/authzExtensions/{id}`, or undefined for anything else */
export const parseExtensionName = (name: string): ResourceName | undefined => parse(name, 'authzExtensions');
/** @throws ResourceNameError when a part is empty or holds a slash */
export const formatExtensionName = (name: ResourceName): string => format(name, 'authzExtensions');

const COLLECTIONS: readonly RegistryCollection[] = ['endpoints', 'agents', 'mcpServers'];

/** @returns the parts of a service's `registryResource`, or undefined for anything else */
export function parseRegistryResource(name: string): RegistryResourceName | undefined {
  for (const collection of COLLECTIONS) {
    const parsed = parse(name, collection);
    if (parsed) return { ...parsed, collection };
  }
  return undefined;
}

/** @returns `projects/{project}/locations/{location}` */
export const formatLocation = (project: string, location: string): string =>
  `projects/${segment(project, 'project')}/locations/${segment(location, 'location')}`;

/** The two names of a project as Resource Manager v3 answers: the number is in `name`. */
export function projectRefOf(project: Project): ProjectRef {
  const number = /^projects\/(\d+)$/.exec(project.name)?.[1];
  if (number === undefined) throw new ResourceNameError(`"${project.name}" is not a project's name with its number.`);
  return { id: project.projectId, number };
}

/** @returns true when both are the same project, by ID or number; `projects` are those whose two names are known */
export const sameProject = (a: string, b: string, projects: readonly ProjectRef[]): boolean =>
  projectId(a, projects) === projectId(b, projects);

/** @returns true when both names are the same gateway, whether they say the project's ID or its number */
export function gatewayEquals(a: string, b: string, projects: readonly ProjectRef[]): boolean {
  const left = parseGatewayName(a);
  const right = parseGatewayName(b);
  if (!left || !right) return a === b;
  return left.location === right.location && left.id === right.id && sameProject(left.project, right.project, projects);
}

/**
 * The one form in which gateways are written and compared: with the project's ID, as Google's own pages and organization policy
 * conditions have it. A condition compares text, so a number there would be denied.
 * @returns the name unchanged when the project's ID is not known
 * @throws ResourceNameError when it is no gateway's name
 */
export function canonicalGatewayName(name: string, projects: readonly ProjectRef[]): string {
  const parsed = parseGatewayName(name);
  if (!parsed) throw new ResourceNameError(`"${name}" is not the full name of an agent gateway.`);
  return formatGatewayName({ ...parsed, project: projectId(parsed.project, projects) });
}

/**
 * The IAP resource whose policy decides who may reach one registered endpoint, agent or MCP server.
 * Source: gcloud's `iap` surface and Google's troubleshooting page: with the project's number, `{id}` being the last segment of
 * the service's `registryResource`.
 * @throws ResourceNameError when `registryResource` is not complete (an empty ID would name the whole registry) or in another project
 */
export function iapResourceOf(registryResource: string, project: ProjectRef): string {
  const parsed = parseRegistryResource(registryResource);
  if (!parsed) throw new ResourceNameError(`"${registryResource}" does not name one resource of Agent Registry.`);
  if (parsed.project !== project.id && parsed.project !== project.number) {
    throw new ResourceNameError(`"${registryResource}" is not in project ${project.id}.`);
  }
  return `${iapRegistryOf(project, parsed.location)}/${parsed.collection}/${parsed.id}`;
}

/** The IAP resource of a whole registry: its policy holds for everything in it that has no policy of its own. */
export function iapRegistryOf(project: ProjectRef, location: string): string {
  if (!/^\d+$/.test(project.number)) throw new ResourceNameError(`"${project.number}" is not a project number.`);
  return `${formatLocation(project.number, location)}/iap_web/agentRegistry`;
}

/** Source: `effectiveIdentity` in the aiplatform discovery document; `proj` is what live engines report, `project` what some pages print. */
const AGENT_IDENTITY =
  /^agents\.global\.(?:org|proj|project)-\d+\.system\.id\.goog\/resources\/aiplatform\/projects\/[\w.:-]+\/locations\/[\w-]+\/reasoningEngines\/[\w-]+$/;

/**
 * The IAM member of an engine.
 * @param effectiveIdentity `spec.effectiveIdentity`, which has no scheme (and may get one some day)
 * @returns `principal://…`, or undefined when the engine runs as a service account or says nothing
 */
export function principalOf(effectiveIdentity: string | undefined): string | undefined {
  const identity = (effectiveIdentity ?? '').replace(/^principal:\/\//, '');
  return AGENT_IDENTITY.test(identity) ? `principal://${identity}` : undefined;
}

/** In front of and behind the identity, where IAM marks a principal that was deleted (`deleted:principal://…?uid=…`). */
const AGENT_MEMBER = /^(?:deleted:)?principal:\/\/(agents\.global\.[^?]+?)(?:\?uid=[\w-]+)?$/;

/**
 * The other way round: the engine that an IAM member is the agent identity of, whether it is still there or not.
 * @returns undefined for users, sets, service accounts and everything else that is no agent identity
 */
export function engineOfMember(member: string): ResourceName | undefined {
  const identity = AGENT_MEMBER.exec(member)?.[1] ?? '';
  return AGENT_IDENTITY.test(identity) ? parseEngineName(identity.replace(/^.*?\/aiplatform\//, '')) : undefined;
}

const projectId = (project: string, projects: readonly ProjectRef[]): string =>
  projects.find(({ number }) => number === project)?.id ?? project;

/** Full names also come with a service in front (`//networkservices.googleapis.com/…`) or as a link (`https://…/v1/…`). */
const SERVICE_PREFIX = /^(?:https:)?\/\/[^/]+\/(?:v\d[a-z\d]*\/)?/;

const parse = (name: string, collection: string): ResourceName | undefined =>
  parseResourceName(name.replace(SERVICE_PREFIX, ''), collection);

/** @returns the parts of `projects/{p}/locations/{l}/{collection}/{id}`, which takes nothing in front; undefined for anything else */
export function parseResourceName(name: string, collection: string): ResourceName | undefined {
  const parts = name.split('/');
  const [projects, project, locations, location, kind, id] = parts;
  if (parts.length !== 6 || projects !== 'projects' || locations !== 'locations' || kind !== collection)
    return undefined;
  if (!isSegment(project) || !isSegment(location) || !isSegment(id)) return undefined;
  return { project, location, id };
}

const format = (name: ResourceName, collection: string): string =>
  `${formatLocation(name.project, name.location)}/${collection}/${segment(name.id, 'id')}`;

/**
 * The characters that names of Google have, and no others. Dot segments are refused: a URL parser would take them as "up one
 * level" and the request would go elsewhere. So is a hyphen alone, which Google takes for "all of them".
 */
const isSegment = (text: string | undefined): text is string => text !== undefined && isValid(text);
const isValid = (text: string): boolean => /^[\w.~:-]+$/.test(text) && !['.', '..', '-'].includes(text);

function segment(text: string, what: string): string {
  if (!isValid(text)) throw new ResourceNameError(`"${text}" is no valid ${what} of a resource name.`);
  return text;
}
