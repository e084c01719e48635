import type { CheckLevel, Direction, Origin } from '../config/desired.js';

/**
 * What a run would do, as it stands in the plan file. The same world and the same config give the same bytes:
 * no timestamps, no etags, no secrets, everything sorted.
 */
export interface Plan {
  readonly schemaVersion: 1;
  readonly scope: Scope;
  /** `sha256:<hex>` over the canonical JSON of scope and changes. */
  readonly digest: string;
  /** In the order endpoint, grant, binding, guardrail; within a layer by name. */
  readonly changes: readonly Change[];
  /** Errors first. */
  readonly checks: readonly Finding[];
  readonly summary: Summary;
  /** Where the grants are written, and why there; absent without any. */
  readonly grantModel?: GrantModel;
}

/** V1: IAM allow policies with `roles/iap.egressor`. V2: IAM access policies. */
export type PolicyVersion = 'V1' | 'V2';

/** Which policies decide at the egress gateway. */
export interface GrantModel {
  /** Most often one; where a gateway asks IAP twice, all of them have to allow. */
  readonly decides: readonly PolicyVersion[];
  /** These, and V2 as well while `migrate` prepares for it. */
  readonly writes: readonly PolicyVersion[];
  /** One clause, for people. */
  readonly why: string;
  /** The access policy that is written to; only where V2 is. */
  readonly accessPolicy?: AccessPolicySummary;
}

/** An access policy as it was found. */
export interface AccessPolicySummary {
  /** Full resource name with the project ID. */
  readonly name: string;
  readonly exists: boolean;
  /** It is bound to the gateway's project. */
  readonly isBound: boolean;
  /** Access policies bound to that project, of five that may be; absent where they could not be read. */
  readonly bindings?: number;
  /** How many of its rules are this config's, before this run. */
  readonly ownRules: number;
  readonly otherRules: number;
}

export interface Scope {
  readonly project: string;
  readonly projectNumber: string;
  readonly region: string;
}

export interface Summary {
  /** Services to create or update. */
  readonly register: number;
  /** Members to add. */
  readonly grant: number;
  /** Engines whose binding changes in any way. */
  readonly bind: number;
  /** Services, members and guardrail policies to take away. */
  readonly remove: number;
}

export type Action = 'create' | 'update' | 'remove' | 'keep' | 'adopt';
export type Change = EndpointChange | GrantChange | BindingChange | GuardrailChange;

/** One Agent Registry service: the key's own one, or (`adopt`) somebody else's that already serves a declared URL. */
export interface EndpointChange {
  readonly layer: 'endpoint';
  /** `remove`: an own service whose key is no longer declared, only with `prune`. */
  readonly action: 'create' | 'update' | 'remove' | 'keep' | 'adopt';
  /** Key of the endpoint in the desired state. */
  readonly key: string;
  /** Full resource name, `projects/{project ID}/locations/{region}/services/{id}`. */
  readonly service: string;
  readonly displayName: string;
  /** Absent until the service exists. The last segment of the registry resource is the endpoint ID that IAP wants. */
  readonly registryResource?: string;
  readonly interfaces: readonly InterfaceChange[];
  /** Other fields that change: an own service follows its key's display name. */
  readonly fields: readonly FieldChange[];
  /** Only with `remove`: who is granted on it, IAM members, sorted. They lose it together with the service. */
  readonly members?: readonly string[];
}

export interface InterfaceChange {
  readonly action: 'add' | 'remove' | 'change' | 'keep';
  /** What others registered may hold secrets in its query: then an ellipsis stands there, see `redactUrl`. */
  readonly url: string;
  readonly protocol: string;
  /** Why the URL is here; empty when nothing in the config asks for it. */
  readonly reason: string;
}

export interface FieldChange {
  readonly field: 'displayName' | 'description';
  readonly from: string;
  readonly to: string;
}

/** One member of `roles/iap.egressor` on one service's IAP policy (V1), or of a rule about that service (V2). */
export interface GrantChange {
  readonly layer: 'grant';
  /** Only for V2. */
  readonly model?: 'V2';
  /** `remove`: a member that this config owns and no longer declares, or whose engine is gone; only with `prune`. */
  readonly action: 'create' | 'keep' | 'remove';
  readonly key: string;
  readonly service: string;
  /** The role (V1), or the permission itself (V2). */
  readonly role: string;
  /** IAM member, `principal://…`. */
  readonly member: string;
  /** Resource name of the engine, which may be gone; absent for a member carried over from another policy. */
  readonly engine?: string;
  readonly displayName?: string;
  /** Only for carried-over members whose registry-wide binding has a condition. */
  readonly condition?: GrantCondition;
  readonly why?: RemovalReason;
  /** Members that the engine had here before it was deployed anew, sorted; several when it can be any of them. */
  readonly replaces?: readonly string[];
  /** Only with `remove`: name of the engine that this one came back as; absent where that can be another one as well. */
  readonly replacedBy?: string;
}

/**
 * Why a member is taken away. `not-allowed`: the config declares the engine, and not that it may reach this. `not-declared`: it is in a
 * rule of this config (V2), which says nothing of it any more. `inert`: a rule (V2) has taken the place of its role (V1).
 */
export type RemovalReason = 'engine-gone' | 'not-allowed' | 'not-declared' | 'inert';

export interface GrantCondition {
  readonly expression: string;
  readonly title?: string;
  readonly description?: string;
}

/** One engine's `agentGatewayConfig`, both directions. */
export interface BindingChange {
  readonly layer: 'binding';
  /** `create`: first binding; `remove`: no binding is left; `update`: anything in between. */
  readonly action: 'create' | 'update' | 'remove' | 'keep';
  readonly engine: string;
  readonly displayName: string;
  readonly egress: DirectionChange;
  readonly ingress: DirectionChange;
  /**
   * Directions whose one slot has to be free before the engine is bound there (`move: true`): it is unbound first where it has
   * another gateway, and bound when all engines of the plan have left theirs. Absent when there are none.
   */
  readonly moves?: readonly Direction[];
  /** The engine was deployed anew: names of the gone engines that it can have been, sorted; most often one. */
  readonly recreatedFrom?: readonly string[];
}

/** Gateway names with the project ID; null is unbound. `declared` is false where the config leaves the direction alone. */
export interface DirectionChange {
  readonly from: string | null;
  readonly to: string | null;
  readonly declared: boolean;
}

/** One direction's guardrail: the list of approved gateways (a custom constraint), or where it is enforced (its policy). */
export type GuardrailChange = ConstraintChange | PolicyChange;

interface GuardrailBase {
  readonly layer: 'guardrail';
  readonly direction: Direction;
  /** Resource name. */
  readonly name: string;
  /** What it says now where that is no list of gateways, or more than on or off. */
  readonly fromRule?: string;
}

/** The custom constraint that approves gateways. It enforces nothing by itself, and is never deleted. */
export interface ConstraintChange extends GuardrailBase {
  readonly kind: 'constraint';
  readonly action: 'create' | 'update' | 'keep';
  /** Gateways that are approved now, sorted; null where there is no constraint, or one that is no such list. */
  readonly from: readonly string[] | null;
  readonly to: readonly string[];
  /** As they are to be: those of a constraint that somebody else made stay. */
  readonly displayName: string;
  readonly description: string;
  /** Of these, those that change. */
  readonly fields: readonly FieldChange[];
  readonly writes: readonly ConstraintWrite[];
}

/** Where the constraint is enforced. */
export interface PolicyChange extends GuardrailBase {
  readonly kind: 'policy';
  readonly action: 'create' | 'update' | 'remove' | 'keep';
  readonly from: Enforcement;
  readonly to: Enforcement;
  readonly writes: readonly GuardrailWrite[];
}

/** What a policy does: nothing, log what it would refuse, refuse it, or something that this config did not write. */
export type Enforcement = 'off' | 'dry-run' | 'enforced' | 'other-rules';

/** What loosens comes before the bindings, so that they are not refused; what tightens comes after them. */
export interface GuardrailWrite {
  readonly when: 'before-bindings' | 'after-bindings';
  /** One clause, for people. */
  readonly why: string;
}

export interface ConstraintWrite extends GuardrailWrite {
  /** What is approved after this write. */
  readonly gateways: readonly string[];
}

/** The result of a check: a rule about the world, with an ID. */
export interface Finding {
  readonly id: string;
  /** A `note` stops nothing and asks for nothing. */
  readonly level: CheckLevel | 'note';
  /** One sentence that names the resources. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
  readonly origin?: Origin;
}

/** @returns the plan's bindings that a run has to write. */
export function isChange(change: Change): boolean {
  return change.action !== 'keep' && change.action !== 'adopt';
}

/** @returns true when the change takes a service, a member, a binding or a policy away */
export function isRemoval(change: Pick<Change, 'action'>): boolean {
  return change.action === 'remove';
}

/** @returns the change of one direction of a binding. */
export function directionOf(change: BindingChange, direction: Direction): DirectionChange {
  return direction === 'egress' ? change.egress : change.ingress;
}

export function endpointChanges(plan: Pick<Plan, 'changes'>): EndpointChange[] {
  return plan.changes.filter((change) => change.layer === 'endpoint');
}

export function grantChanges(plan: Pick<Plan, 'changes'>): GrantChange[] {
  return plan.changes.filter((change) => change.layer === 'grant');
}

/** @returns the grants that are rules of an access policy (V2) */
export function accessGrants(plan: Pick<Plan, 'changes'>): GrantChange[] {
  return grantChanges(plan).filter(({ model }) => model === 'V2');
}

/** @returns the grants that decide, now or after the run: rules that are only prepared (`migrate`) are none of them */
export function decidingGrants(plan: Pick<Plan, 'changes' | 'grantModel'>): GrantChange[] {
  const decides: readonly PolicyVersion[] = plan.grantModel?.decides ?? ['V1'];
  return grantChanges(plan).filter(({ model }) => decides.includes(model ?? 'V1'));
}

/** @returns the grants that are members of allow policies (V1) */
export function allowPolicyGrants(plan: Pick<Plan, 'changes'>): GrantChange[] {
  return grantChanges(plan).filter(({ model }) => model === undefined);
}

export function bindingChanges(plan: Pick<Plan, 'changes'>): BindingChange[] {
  return plan.changes.filter((change) => change.layer === 'binding');
}

export function guardrailChanges(plan: Pick<Plan, 'changes'>): GuardrailChange[] {
  return plan.changes.filter((change) => change.layer === 'guardrail');
}
