import { bindable, resolveTarget } from '../apis/iam-binding-rules.js';
import { nodeOfTarget } from '../apis/iam-names.js';
import { ACCESS_POLICY_SHAPE, checkPolicy } from '../apis/iam-policy-rules.js';
import { asStored } from '../apis/iam-views.js';
import { timestamp } from '../core/clock.js';
import { compact, type Json } from '../core/json.js';
import { readMessage } from '../core/shape.js';
import type { ParsedWorld } from '../world.js';
import type { ParsedAccessPolicy, ParsedAccessRule, ParsedPolicyBinding } from '../world-iam.js';
import {
  EGRESS_SERVICE,
  iamKey,
  storeAccessPolicy,
  storePolicyBinding,
  type AccessPolicyRecord,
  type PolicyBindingRecord,
} from './access-policies.js';
import { placeName } from './names.js';
import { nodeName, type HierarchyNode } from './orgpolicy.js';
import type { State } from './state.js';
import { memberName } from './targets.js';

/** What the world starts with has been in effect for ever. */
const ALWAYS = -Infinity;

/** Access policies and bindings of the world; they obey the rules of the API, but may hold what only the server writes. */
export function populateIam(state: State, world: ParsedWorld): void {
  for (const input of world.accessPolicies)
    explained(`access policy ${input.id}`, () => {
      if (state.accessPolicies.has(iamKey(nodeOf(state, input.on), input.id))) throw new Error('it is there twice');
      putAccessPolicy(state, input, ALWAYS);
    });
  for (const input of world.policyBindings)
    explained(`policy binding ${input.id}`, () => putPolicyBinding(state, input, ALWAYS));
}

function explained(what: string, add: () => void): void {
  try {
    add();
  } catch (error) {
    throw new Error(`The world's ${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** Stores a policy with its bindings, in place of the one of that name. */
export function putAccessPolicy(state: State, input: ParsedAccessPolicy, atMs: number): AccessPolicyRecord {
  const node = nodeOf(state, input.on);
  const old = state.accessPolicies.get(iamKey(node, input.id));
  const message = {
    displayName: input.displayName,
    annotations: input.annotations,
    details: { rules: input.rules.map((rule) => ruleOf(state, rule)) },
  };
  const policy = readMessage(compact(message), ACCESS_POLICY_SHAPE, 'access_policy');
  checkPolicy(state, policy, { stored: true });
  const now = state.clock.iso();
  const record = {
    node,
    sent: nodeName(node, false),
    id: input.id,
    uid: old?.uid ?? state.ids.uid(),
    etag: state.ids.policyEtag(),
    data: { ...asStored(state, policy), createTime: old?.data.createTime ?? now, updateTime: now },
    createdMs: ALWAYS,
  };
  storeAccessPolicy(state, record, atMs);
  const policyName = `${nodeName(node, false)}/locations/global/accessPolicies/${input.id}`;
  for (const target of input.boundTo) putPolicyBinding(state, { id: input.id, policy: policyName, target }, atMs);
  return record;
}

/** Stores a binding, in place of the one of that name; the managed constraint does not stop it. */
export function putPolicyBinding(state: State, input: ParsedPolicyBinding, atMs: number): PolicyBindingRecord {
  const resource = input.target.startsWith('//')
    ? input.target
    : `//cloudresourcemanager.googleapis.com/${input.target}`;
  const target = resolveTarget(state, resource);
  if (target === undefined) throw new Error(`there is no ${input.target}`);
  const { node } = target;
  const parent = nodeName(node, false);
  const policyName = input.policy.includes('/')
    ? input.policy
    : `${parent}/locations/global/accessPolicies/${input.policy}`;
  const old = state.policyBindings.get(iamKey(node, input.id));
  if (old !== undefined) state.policyBindings.delete(iamKey(node, input.id));
  const policy = bindable(state, target, policyName);
  const now = timestamp(state.clock.now());
  const data: Json = {
    target: { resource },
    policyKind: 'ACCESS',
    policy: policyName,
    createTime: old?.data.createTime ?? now,
    updateTime: now,
  };
  const record = {
    node,
    sent: parent,
    id: input.id,
    uid: old?.uid ?? state.ids.uid(),
    etag: state.ids.policyEtag(),
    data,
    policyKey: iamKey(policy.node, policy.id),
    policyUid: policy.uid,
    target: target.name,
  };
  return storePolicyBinding(state, record, atMs);
}

/** A node by its short name; the first project when none is given. */
export function nodeOf(state: State, name: string | undefined): HierarchyNode {
  const wanted = name ?? `projects/${state.projects[0]?.id ?? ''}`;
  const node = nodeOfTarget(state, `//cloudresourcemanager.googleapis.com/${wanted}`);
  if (node === undefined) throw new Error(`there is no ${wanted}`);
  return node;
}

/** A rule as the API has it. */
export function ruleOf(state: State, input: ParsedAccessRule): Json {
  const members = (list: readonly string[] | undefined): string[] | undefined =>
    list?.map((member) => memberName(state, member));
  const expression = input.condition ?? (input.services && conditionFor(state, input.services));
  return compact({
    description: input.description,
    effect: input.effect,
    principals: members(input.principals),
    excludedPrincipals: members(input.excludedPrincipals),
    operation: compact({ permissions: input.permissions, excludedPermissions: input.excludedPermissions }),
    conditions: input.conditions ?? (expression === undefined ? undefined : { [EGRESS_SERVICE]: { expression } }),
  });
}

const FIELDS = { endpoints: 'endpoint', agents: 'agent', mcpServers: 'mcp_server' };

/** Registered, and one of these entries by either form of its project's name (public live reports write both). */
function conditionFor(state: State, services: readonly string[]): string {
  const clauses = Object.entries(FIELDS).flatMap(([collection, field]) => {
    const names = services.flatMap((id) => {
      const record = [...state.services.values()].find((item) => item.id === id);
      if (record === undefined) throw new Error(`there is no service ${id}`);
      if (record.collection !== collection) return [];
      return [true, false].map((number) => `'${placeName(record, number)}/${collection}/${record.resourceId}'`);
    });
    return names.length === 0 ? [] : [`(destination.agent_registry.${field}.name in [${names.join(', ')}])`];
  });
  const named = clauses.length > 1 ? `(${clauses.join(' || ')})` : (clauses[0] ?? '');
  return `(destination.is_registered == true) && ${named}`;
}
