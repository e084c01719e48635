import { isNotFound } from '../google/errors.js';
import type { IamPolicy } from '../google/types.js';
import { egressors } from '../plan/checks/members.js';
import { hasMember, withoutMembers } from '../plan/policy.js';
import type { GrantChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { GrantStays, WouldOpen } from './errors.js';
import { writePolicyOf } from './policy-write.js';

/** One service's policy and who shall be taken out of it. */
export interface RevokeTask {
  /** Path of the IAP resource, from `iapResourceOf`. */
  readonly resource: string;
  /** For messages. */
  readonly label: string;
  readonly removals: readonly GrantChange[];
  /** An empty policy would let others in, since the registry-wide one holds then. */
  readonly opensWhenEmpty: boolean;
}

/**
 * Takes exactly these members out of one endpoint's IAP policy, all in one write.
 *
 * @returns how many members were taken out; 0 when none of them was there any more
 * @throws ApiError, GrantStays, WouldOpen or the abort reason
 */
export async function revoke({ removals, opensWhenEmpty, ...task }: RevokeTask, deps: ApplyDeps): Promise<number> {
  let taken = 0;
  const left = (policy: IamPolicy): GrantChange[] => removals.filter((item) => hasMember(policy, item));
  try {
    await writePolicyOf(
      {
        ...task,
        unknownMs: 0,
        change: (policy) => {
          const present = left(policy);
          taken = present.length;
          if (taken === 0) return undefined;
          const changed = withoutMembers(policy, present);
          if (opensWhenEmpty && egressors(changed).length === 0) throw new WouldOpen(task.resource);
          return changed;
        },
        check: (policy) => {
          const [stays] = left(policy);
          if (stays) throw new GrantStays(task.resource, stays.member);
        },
      },
      deps,
    );
  } catch (error) {
    // The service has gone meanwhile, and its policy with it.
    if (!isNotFound(error)) throw error;
    return 0;
  }
  return taken;
}
