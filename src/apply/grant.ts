import type { IamPolicy } from '../google/types.js';
import { hasMember, withMembers } from '../plan/policy.js';
import type { GrantChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { GrantLost } from './errors.js';
import { writePolicyOf } from './policy-write.js';

/** How long IAP may not know an endpoint that the registry has just made, in milliseconds. */
const UNKNOWN_ENDPOINT_MS = 120_000;

/** One service's policy and who shall be added to it. */
export interface GrantTask {
  /** Path of the IAP resource, from `iapResourceOf`. */
  readonly resource: string;
  /** For messages. */
  readonly label: string;
  readonly grants: readonly GrantChange[];
  /** The policy as it was observed: its etag makes it safe to start from; absent for a service that is new. */
  readonly policy?: IamPolicy;
}

/**
 * Adds members to one endpoint's IAP policy, all in one write.
 *
 * @returns how many members were added; 0 when all of them were there
 * @throws ApiError, GrantLost or the abort reason
 */
export async function grant({ grants, ...task }: GrantTask, deps: ApplyDeps): Promise<number> {
  let added = 0;
  const lacking = (policy: IamPolicy): GrantChange[] => grants.filter((item) => !hasMember(policy, item));
  await writePolicyOf(
    {
      ...task,
      unknownMs: UNKNOWN_ENDPOINT_MS,
      change: (policy) => {
        const missing = lacking(policy);
        added = missing.length;
        return added === 0 ? undefined : withMembers(policy, missing);
      },
      check: (policy) => {
        const [lost] = lacking(policy);
        if (lost) throw new GrantLost(task.resource, lost.member);
      },
    },
    deps,
  );
  return added;
}
