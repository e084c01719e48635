import type { Condition } from '../core/cel.js';
import { History } from '../core/history.js';
import type { Json } from '../core/json.js';
import type { Project } from './types.js';

export type NodeKind = 'projects' | 'folders' | 'organizations';

/** A node of the resource hierarchy; a project is known by its number here. */
export interface HierarchyNode {
  readonly kind: NodeKind;
  readonly id: string;
  readonly project?: Project | undefined;
}

/** A custom constraint; `data` is the CustomConstraint message without `name`. */
export interface ConstraintRecord {
  readonly organization: string;
  /** `custom.X` */
  readonly id: string;
  readonly data: Json;
  readonly condition: Condition;
}

/** A PolicySpec message, with its own etag and time. */
export type StoredSpec = Json & { readonly etag: string };

/** A policy: which constraint is on or off from a node downwards, in force and on trial. */
export interface OrgPolicyRecord {
  readonly node: HierarchyNode;
  readonly constraint: string;
  readonly spec?: StoredSpec | undefined;
  readonly dryRunSpec?: StoredSpec | undefined;
}

/** A write that a policy on trial would have refused. */
export interface DryRunViolation {
  readonly time: string;
  /** `customConstraints/custom.X` */
  readonly constraint: string;
  /** Name of the policy whose dryRunSpec it is. */
  readonly policy: string;
  readonly method: 'CREATE' | 'UPDATE';
  readonly resource: string;
}

/** Custom constraints and policies, with their past: a change takes effect some time after it was made. */
export class OrgPolicyState {
  readonly constraints: History<ConstraintRecord>;
  readonly policies: History<OrgPolicyRecord>;
  readonly dryRunViolations: DryRunViolation[] = [];

  constructor(constraints = new History<ConstraintRecord>(), policies = new History<OrgPolicyRecord>()) {
    this.constraints = constraints;
    this.policies = policies;
  }

  /** For reads: constraints and policies as they are now. */
  copy(): OrgPolicyState {
    return new OrgPolicyState(this.constraints.copy(), this.policies.copy());
  }

  isSame({ constraints, policies }: OrgPolicyState): boolean {
    return this.constraints.isSame(constraints) && this.policies.isSame(policies);
  }
}

export const constraintKey = (organization: string, id: string): string => `${organization}/${id}`;
export const policyKey = (node: HierarchyNode, constraint: string): string => `${node.kind}/${node.id}/${constraint}`;

/** `projects/{id or number}`, `folders/{number}` or `organizations/{number}`. */
export function nodeName(node: HierarchyNode, withNumber: boolean): string {
  return `${node.kind}/${withNumber ? node.id : (node.project?.id ?? node.id)}`;
}

/** The node with this ID or number, unless nothing of the world is below it. */
export function findNode(projects: readonly Project[], kind: NodeKind, id: string): HierarchyNode | undefined {
  if (kind === 'projects') {
    const project = projects.find((item) => item.id === id || item.number === id);
    return project && { kind, id: project.number, project };
  }
  const exists = projects.some((item) => (kind === 'folders' ? item.folders.includes(id) : item.organization === id));
  return exists ? { kind, id } : undefined;
}

/** The node and all above it, bottom to top. */
export function lineage(projects: readonly Project[], node: HierarchyNode): HierarchyNode[] {
  if (node.kind === 'organizations') return [node];
  const below = node.project ?? projects.find((item) => item.folders.includes(node.id));
  const folders = below?.folders ?? [];
  const above = node.kind === 'projects' ? folders : folders.slice(folders.indexOf(node.id) + 1);
  return [
    node,
    ...above.map((id): HierarchyNode => ({ kind: 'folders', id })),
    ...(below?.organization === undefined ? [] : [{ kind: 'organizations' as const, id: below.organization }]),
  ];
}

/** The organization a node belongs to, if it does. */
export function organizationOf(projects: readonly Project[], node: HierarchyNode): string | undefined {
  const top = lineage(projects, node).at(-1);
  return top?.kind === 'organizations' ? top.id : undefined;
}

export type SpecField = 'spec' | 'dryRunSpec';

/**
 * The spec that counts at a node: for constraints that are on or off the closest one decides, it is not merged with those above
 * (Google's "Understanding hierarchy evaluation"). Nothing when nobody set one.
 */
export function effectivePolicy(
  policyAt: (key: string) => OrgPolicyRecord | undefined,
  nodes: readonly HierarchyNode[],
  constraint: string,
  field: SpecField,
): { readonly record: OrgPolicyRecord; readonly spec: StoredSpec } | undefined {
  for (const node of nodes) {
    const record = policyAt(policyKey(node, constraint));
    const spec = record?.[field];
    if (record !== undefined && spec !== undefined) return { record, spec };
  }
  return undefined;
}

/**
 * Does the spec switch a custom constraint on? Rules with a condition ask for tags, which nothing here has, so the one without
 * decides; `reset` is back to the default, which for custom constraints is off.
 */
export function isEnforced(spec: StoredSpec): boolean {
  const rules = Array.isArray(spec.rules) ? (spec.rules as Json[]) : [];
  return rules.some((rule) => rule.condition === undefined && rule.enforce === true);
}
