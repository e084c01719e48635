import { errorInfo, GoogleError, invalid, notFound, type StatusName } from '../core/errors.js';
import type { Call } from '../core/router.js';
import { iamKey, nodeTarget, type IamRecord } from '../state/access-policies.js';
import { findNode, nodeName, type HierarchyNode, type NodeKind } from '../state/orgpolicy.js';
import type { State } from '../state/state.js';

export const IAM_SERVICE = 'iam.googleapis.com';
export const KINDS: readonly NodeKind[] = ['projects', 'folders', 'organizations'];
export type IamCollection = 'accessPolicies' | 'policyBindings';

/** "Start with a lowercase letter followed by up to 62 lowercase letters, numbers, hyphens, or dots" (protos, with the pattern). */
const ID = /^[a-z][a-z0-9.-]{2,62}$/;

/** A node of the hierarchy, and how the caller wrote it. */
export interface Parent {
  readonly node: HierarchyNode;
  readonly sent: string;
}

/** The parent of the path. Only the location global is documented; how another one is refused is inferred. */
export function parentOf(call: Call, state: State, kind: NodeKind): Parent {
  const id = call.param('node');
  const location = call.param('location');
  if (location !== 'global') throw invalid(`Location '${location}' is not supported: use 'global'.`, 'parent');
  return { node: existingNode(state, kind, id), sent: `${kind}/${id}` };
}

/** The node with this id, or the error that hides both "absent" and "forbidden". */
function existingNode(state: State, kind: NodeKind, id: string): HierarchyNode {
  if (kind === 'projects') state.project(id);
  const node = findNode(state.projects, kind, id);
  if (node !== undefined) return node;
  throw new GoogleError(state.settings.unknownProject, `Permission denied on resource ${kind}/${id}.`);
}

/** Name of a policy or binding as it is printed; names with an ID and with a number mean the same. */
export function iamName(state: State, record: Parent & { readonly id: string }, collection: IamCollection): string {
  const form = state.settings.iam.projectForms.names;
  const node = form === 'as-sent' ? record.sent : nodeName(record.node, form === 'number');
  return `${node}/locations/global/${collection}/${record.id}`;
}

/** Name of the only location of a node. */
export const locationName = (node: HierarchyNode): string => `${nodeName(node, true)}/locations/global`;

/** Name of a policy or binding that does not depend on switches. */
export function canonicalName(node: HierarchyNode, collection: IamCollection, id: string): string {
  return `${locationName(node)}/${collection}/${id}`;
}

/** An id of a request's query. */
export function newId(call: Call, parameter: string): string {
  const id = call.query.get(parameter) ?? '';
  if (ID.test(id)) return id;
  const field = parameter.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  throw invalid(`Invalid ${parameter} '${id}': it must match [a-z][a-z0-9-\\.]{2,62}.`, field);
}

/** Where to look for a policy or binding, and what the caller must be allowed to do before it is said whether it is there. */
export interface Lookup<T> {
  readonly records: ReadonlyMap<string, T>;
  readonly collection: IamCollection;
  readonly check: (node: HierarchyNode, name: string) => void;
}

/** The policy or binding of the path, after the caller's permission for it. */
export function findRecord<T extends IamRecord>(call: Call, state: State, kind: NodeKind, lookup: Lookup<T>): T {
  const { node } = parentOf(call, state, kind);
  const name = canonicalName(node, lookup.collection, call.param('id'));
  lookup.check(node, name);
  const record = lookup.records.get(iamKey(node, call.param('id')));
  if (record !== undefined) return record;
  throw notFound(`Resource '${name}' was not found.`);
}

/** 403 unless the caller holds a permission of IAM on a resource. */
export function need(state: State, permission: string, resource: string): void {
  state.need(permission, resource, IAM_SERVICE);
}

/** 403 unless the caller may do this to the bindings of a node: `resourcemanager.projects.createPolicyBinding` and so on. */
export function needOnTarget(state: State, node: HierarchyNode, verb: string): void {
  state.need(`resourcemanager.${node.kind}.${verb}`, nodeName(node, true), 'cloudresourcemanager.googleapis.com');
}

/** A node by its full name, whichever way a project is written. */
export function nodeOfTarget(state: State, target: string): HierarchyNode | undefined {
  const [, kind, id] =
    /^\/\/cloudresourcemanager\.googleapis\.com\/(projects|folders|organizations)\/([^/]+)$/.exec(target) ?? [];
  return kind === undefined ? undefined : findNode(state.projects, kind as NodeKind, id ?? '');
}

/** Are both nodes the same one? */
export const isSameNode = (a: HierarchyNode, b: HierarchyNode): boolean => nodeTarget(a) === nodeTarget(b);

/** An error that has a name. Where the name stands in a REST answer is not documented: a switch. */
export function namedError(
  state: State,
  status: StatusName,
  name: string,
  message: string,
  metadata: Record<string, string> = {},
  domain = IAM_SERVICE,
): GoogleError {
  return state.settings.iam.errorNames === 'message'
    ? new GoogleError(status, `${name}: ${message}`)
    : new GoogleError(status, message, [errorInfo(name, domain, metadata)]);
}

/** Documented as 412; other services of Google answer 409. ABORTED in both, and in an operation. */
export function checkEtag(state: State, record: IamRecord, sent: string): void {
  if (sent === '' || sent === record.etag) return;
  const message = `The etag of ${record.id} does not match: it was changed since it was read.`;
  throw new GoogleError('ABORTED', message, [], state.settings.iam.etagMismatch === '412' ? 412 : 409);
}

/** A boolean of the query. */
export function flag(call: Call, parameter: string): boolean {
  const value = call.query.get(parameter) ?? 'false';
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid(`Invalid value at '${parameter}' (TYPE_BOOL), "${value}"`, parameter);
}

const PROJECT = /(^|\/)projects\/([^/]+)/;

/** The text with the project it names in the given form. Unknown projects stay as they are. */
export function inForm(state: State, text: string, form: 'as-sent' | 'number' | 'id'): string {
  if (form === 'as-sent') return text;
  return text.replace(PROJECT, (whole, start: string, id: string) => {
    const project = state.findProject(id);
    return project === undefined ? whole : `${start}projects/${form === 'number' ? project.number : project.id}`;
  });
}

const ENTRY = /^projects\/[^/]+\/locations\/[^/]+\/(endpoints|agents|mcpServers|skills)\/[^/]+$/;

/** A literal of a condition that names an entry of a registry, with its project in the given form; any other as it is. */
export function entryInForm(state: State, literal: string, form: 'as-sent' | 'number' | 'id'): string {
  return ENTRY.test(literal) ? inForm(state, literal, form) : literal;
}
