import type { IamBinding, IamPolicy } from '../google/types.js';
import type { GrantChange, GrantCondition } from './types.js';

/**
 * Adds members to a policy and leaves everything else in it as it is: other roles, other members, conditions, the
 * order of bindings, the etag.
 *
 * The merge rule is gcloud's: same role and same condition, then the member joins that binding, else a new one.
 *
 * @param grants members that are not in the policy yet
 * @returns a new policy; the given one is not touched
 */
export function withMembers(policy: IamPolicy, grants: readonly GrantChange[]): IamPolicy {
  const bindings: IamBinding[] = (policy.bindings ?? []).map((binding) => ({ ...binding }));
  for (const { role, member, condition } of grants) {
    const binding = bindings.find(
      (candidate) => candidate.role === role && sameCondition(candidate.condition, condition),
    );
    if (binding) {
      binding.members = [...(binding.members ?? []), member];
    } else {
      bindings.push({ role, members: [member], ...(condition ? { condition } : {}) });
    }
  }
  return { ...policy, bindings };
}

/**
 * Takes members out of a policy and leaves everything else in it as it is. A member goes from the bindings of exactly its role and
 * condition (or none); a binding that is empty then goes too, since IAM takes none without a member.
 *
 * @returns a new policy; the given one is not touched
 */
export function withoutMembers(policy: IamPolicy, removals: readonly GrantChange[]): IamPolicy {
  const bindings = (policy.bindings ?? []).flatMap((binding) => {
    const goes = (member: string): boolean =>
      removals.some(
        (item) =>
          item.member === member && item.role === binding.role && sameCondition(binding.condition, item.condition),
      );
    const members = (binding.members ?? []).filter((member) => !goes(member));
    if (members.length === (binding.members ?? []).length) return [binding];
    return members.length === 0 ? [] : [{ ...binding, members }];
  });
  return { ...policy, bindings };
}

/** @returns true when a policy grants the role to exactly this member, under exactly this condition (or none). */
export function hasMember(
  policy: IamPolicy | undefined,
  { role, member, condition }: Pick<GrantChange, 'role' | 'member' | 'condition'>,
): boolean {
  return (policy?.bindings ?? []).some(
    (binding) =>
      binding.role === role && (binding.members ?? []).includes(member) && sameCondition(binding.condition, condition),
  );
}

/** Conditions are the same when all that a person can write in them is the same. */
export function sameCondition(a: IamBinding['condition'], b: GrantCondition | undefined): boolean {
  return conditionKey(a) === conditionKey(b);
}

/** @returns a text that is equal for equal conditions, and for the absence of one. */
export function conditionKey(condition: IamBinding['condition'] | GrantCondition | undefined): string {
  if (!condition) return '';
  return JSON.stringify([condition.expression ?? '', condition.title ?? '', condition.description ?? '']);
}
