import { targetKey } from './names.js';
import type { State } from './state.js';
import type { Binding, PolicyTarget, StoredPolicy } from './types.js';

/** The etag of a policy nobody has set yet (seen in public live output: `{"etag": "ACAB"}`). */
export const EMPTY_ETAG = 'ACAB';
export const EGRESSOR = 'roles/iap.egressor';

/** The policy of a target; one that was never set is empty under the etag ACAB. */
export function policyOf(state: State, target: PolicyTarget): StoredPolicy {
  return state.policy(target) ?? { bindings: [], etag: EMPTY_ETAG };
}

/** Stores bindings as a whole; every write gets a new etag. */
export function storePolicy(state: State, target: PolicyTarget, bindings: readonly Binding[]): StoredPolicy {
  const policy = { bindings: bindings.filter((binding) => binding.members.length > 0), etag: state.ids.policyEtag() };
  state.policies.set(targetKey(target), policy);
  return policy;
}

/** Adds one unconditional member, as another writer would. */
export function addMember(state: State, target: PolicyTarget, member: string, role = EGRESSOR): StoredPolicy {
  const { bindings } = policyOf(state, target);
  const index = bindings.findIndex((binding) => binding.role === role && binding.condition === undefined);
  const old = bindings[index];
  const next = { role, members: [...new Set([...(old?.members ?? []), member])] };
  return storePolicy(state, target, old === undefined ? [...bindings, next] : bindings.with(index, next));
}

/** Takes a member out of every binding of the role, conditional or not. */
export function removeMember(state: State, target: PolicyTarget, member: string, role = EGRESSOR): StoredPolicy {
  const bindings = policyOf(state, target).bindings.map((binding) =>
    binding.role === role ? { ...binding, members: binding.members.filter((item) => item !== member) } : binding,
  );
  return storePolicy(state, target, bindings);
}

/** A member is called something else from now on, wherever it stands; that is no write, and the etags stay. */
export function renameMember(state: State, from: string, to: string): void {
  for (const [key, policy] of state.policies) {
    const bindings = policy.bindings.map((binding) => ({
      ...binding,
      members: binding.members.map((member) => (member === from ? to : member)),
    }));
    state.policies.set(key, { ...policy, bindings });
  }
}
