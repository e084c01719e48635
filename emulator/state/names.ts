import type { EngineRecord, Place, PolicyTarget, Project } from './types.js';

/** `projects/{p}/locations/{l}` with the project number or ID. */
export function placeName(place: Place, withNumber: boolean): string {
  return `projects/${withNumber ? place.project.number : place.project.id}/locations/${place.location}`;
}

/** The key under which state keeps what lives in a place: number, so that ID and number mean the same. */
export function placeKey(place: Place): string {
  return `${place.project.number}/${place.location}`;
}

/** The key of one resource within its place. */
export function recordKey(place: Place, id: string): string {
  return `${placeKey(place)}/${id}`;
}

/** Full name of an engine; by default with the project number, as Agent Runtime prints it. */
export function engineName(engine: EngineRecord, withNumber = true): string {
  return `${placeName(engine, withNumber)}/reasoningEngines/${engine.id}`;
}

/** Key and readable name of a policy target: `101010/us-central1/registry`, `101010/us-central1/endpoints/agentregistry-…`. */
export function targetKey(target: PolicyTarget): string {
  const entry = target.entry === undefined ? 'registry' : `${target.entry.collection}/${target.entry.id}`;
  return `${placeKey(target)}/${entry}`;
}

/**
 * `agents.global.org-{ORG}.system.id.goog`, or `proj-{NUMBER}` for a project without organization
 * (STS discovery text; the agent-identity page's `project-` spelling is refused by IAM).
 */
export function trustDomain(project: Project): string {
  const scope = project.organization === undefined ? `proj-${project.number}` : `org-${project.organization}`;
  return `agents.global.${scope}.system.id.goog`;
}

/** `spec.effectiveIdentity` of an engine with AGENT_IDENTITY: no scheme, project number (ReasoningEngineSpec discovery text). */
export function agentIdentity(place: Place, engineId: string): string {
  return `${trustDomain(place.project)}/resources/aiplatform/projects/${place.project.number}/locations/${place.location}/reasoningEngines/${engineId}`;
}

const NETWORK_NAME = /^projects\/([^/]+)\/locations\/([^/]+)\/([a-zA-Z]+)\/([^/]+)$/;

export interface NetworkName {
  readonly project: string;
  readonly location: string;
  readonly collection: string;
  readonly id: string;
}

/** Parts of a full networking name; a leading `//service/` or URL root is cut off. */
export function parseNetworkName(name: string): NetworkName | undefined {
  const bare = name.replace(/^(https:)?\/\/[^/]+\/(v\d\w*\/)?/, '');
  const match = NETWORK_NAME.exec(bare);
  if (!match) return undefined;
  const [, project = '', location = '', collection = '', id = ''] = match;
  return { project, location, collection, id };
}
