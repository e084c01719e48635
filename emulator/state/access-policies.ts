import { History } from '../core/history.js';
import { asJson, asString, type Json } from '../core/json.js';
import { placeName } from './names.js';
import { nodeName, type HierarchyNode } from './orgpolicy.js';
import type { State } from './state.js';
import type { NetworkRecord } from './types.js';

/** The permission a gateway asks for, and the service whose conditions count for it. */
export const EGRESS_PERMISSION = 'iap.googleapis.com/resources.egressViaIAP';
export const EGRESS_SERVICE = 'iap.googleapis.com';

/** What access policies and their bindings have in common; they are replaced as a whole, never changed. */
export interface IamRecord {
  readonly node: HierarchyNode;
  /** The node as its creator wrote it: `projects/{id or number}`. */
  readonly sent: string;
  readonly id: string;
  readonly uid: string;
  readonly etag: string;
  /** The message without `name`, `uid` and `etag`. */
  readonly data: Json;
}

export interface AccessPolicyRecord extends IamRecord {
  readonly createdMs: number;
}

export interface PolicyBindingRecord extends IamRecord {
  /** Key and uid of the policy. */
  readonly policyKey: string;
  readonly policyUid: string;
  /** The target, however its project was written. */
  readonly target: string;
}

/** What gateways decide by: every policy and binding with its past, since a change takes its time to reach them. */
export class AccessPolicyHistory {
  readonly policies = new History<AccessPolicyRecord>();
  readonly bindings = new History<PolicyBindingRecord>();
}

export const iamKey = (node: HierarchyNode, id: string): string => `${nodeName(node, true)}/${id}`;
const keyOf = ({ node, id }: IamRecord): string => iamKey(node, id);

/** Stores a policy in place of the one of its name. */
export function storeAccessPolicy(state: State, record: AccessPolicyRecord, atMs: number): AccessPolicyRecord {
  state.accessPolicies.set(keyOf(record), record);
  state.accessHistory.policies.set(keyOf(record), record, atMs);
  return record;
}

/** Removes a policy, and the bindings that name it. */
export function removeAccessPolicy(state: State, record: AccessPolicyRecord, atMs: number): void {
  for (const binding of bindingsOfPolicy(state, record)) removePolicyBinding(state, binding, atMs);
  state.accessPolicies.delete(keyOf(record));
  state.accessHistory.policies.set(keyOf(record), undefined, atMs);
}

/** Stores a binding in place of the one of its name. */
export function storePolicyBinding(state: State, record: PolicyBindingRecord, atMs: number): PolicyBindingRecord {
  state.policyBindings.set(keyOf(record), record);
  state.accessHistory.bindings.set(keyOf(record), record, atMs);
  return record;
}

export function removePolicyBinding(state: State, record: PolicyBindingRecord, atMs: number): void {
  state.policyBindings.delete(keyOf(record));
  state.accessHistory.bindings.set(keyOf(record), undefined, atMs);
}

/** The bindings of a policy, wherever they live. */
export function bindingsOfPolicy(state: State, { uid }: AccessPolicyRecord): PolicyBindingRecord[] {
  return [...state.policyBindings.values()].filter((binding) => binding.policyUid === uid);
}

/** The bindings to exactly this target. */
export function bindingsOfTarget(state: State, target: string): PolicyBindingRecord[] {
  return [...state.policyBindings.values()].filter((binding) => binding.target === target);
}

/** The full name of a node of the hierarchy as a target, with the number of a project. */
export const nodeTarget = (node: HierarchyNode): string =>
  `//cloudresourcemanager.googleapis.com/${nodeName(node, true)}`;

/** The full name of a gateway as a target, with the number of its project. */
export const gatewayTargetName = (gateway: NetworkRecord): string =>
  `//networkservices.googleapis.com/${placeName(gateway, true)}/agentGateways/${gateway.id}`;

/** The rules of a policy's message. */
export function rulesOf(data: Json): Json[] {
  const { rules } = asJson(data.details);
  return Array.isArray(rules) ? rules.map(asJson) : [];
}

/** The expression of a rule for requests through a gateway; a rule without one applies to all of them. */
export function egressCondition(rule: Json): string | undefined {
  const condition = asJson(rule.conditions)[EGRESS_SERVICE];
  return condition === undefined ? undefined : asString(asJson(condition).expression);
}
