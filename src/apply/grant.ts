import { isConflict, isNotFound, isUncertain } from '../google/errors.js';
import type { IamPolicy } from '../google/types.js';
import { hasMember, withMembers } from '../plan/policy.js';
import type { GrantChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { GrantLost } from './errors.js';
import { patiently, pauseAfter } from './patience.js';

/** Attempts at one policy when others keep writing it; Terraform's IAM resources retry the same way. */
const MAX_CONFLICTS = 10;
/** Attempts when Google does not say whether it took the write. */
const MAX_UNCERTAIN = 4;
const CONFLICT = 'somebody else wrote the policy meanwhile';
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
 * Adds members to one endpoint's IAP policy, all in one write: read, merge, write with the etag and version 3. When
 * somebody else wrote in between (409 ABORTED, or 412), the policy is read again and merged anew.
 *
 * @returns how many members were added; 0 when all of them were there
 * @throws ApiError, GrantLost or the abort reason
 */
export async function grant(task: GrantTask, deps: ApplyDeps): Promise<number> {
  const start = deps.clock.now();
  let policy = task.policy;
  for (let attempt = 1; ; attempt += 1) {
    policy ??= await readPolicy(task, deps);
    const current = policy;
    const missing = task.grants.filter((item) => !hasMember(current, item));
    if (missing.length === 0) return 0;
    try {
      const written = await deps.google.iap.setPolicy(task.resource, withMembers(current, missing));
      await confirm(task, written, deps);
      return missing.length;
    } catch (error) {
      const isNew = isNotFound(error) && deps.clock.now() - start < UNKNOWN_ENDPOINT_MS;
      // The etag makes another round safe, whether the last write was carried out or not.
      const attempts = isConflict(error) ? MAX_CONFLICTS : isUncertain(error) ? MAX_UNCERTAIN : 1;
      if (!isNew && attempt >= attempts) throw error;
      deps.progress.step(
        task.label,
        `${isConflict(error) ? CONFLICT : (error as Error).message}; reading the policy again`,
      );
      const delay = Math.min(1000 * 2 ** (attempt - 1), isNew ? 10_000 : 30_000);
      await pauseAfter(error, isNew ? delay : deps.random() * delay, deps);
      policy = undefined;
    }
  }
}

async function readPolicy({ resource }: GrantTask, deps: ApplyDeps): Promise<IamPolicy> {
  const attempt = (): Promise<IamPolicy | undefined> =>
    deps.google.iap.getPolicy(resource).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  const policy = await patiently(attempt, { longestPauseMs: 10_000, forMs: UNKNOWN_ENDPOINT_MS }, deps);
  // Asked once more so that the error says what Google answers.
  return policy ?? deps.google.iap.getPolicy(resource);
}

/** The answer to a write should show the members; where it does not, the policy itself decides. */
async function confirm(task: GrantTask, written: IamPolicy, { google }: ApplyDeps): Promise<void> {
  const lost = (policy: IamPolicy): GrantChange[] => task.grants.filter((item) => !hasMember(policy, item));
  if (lost(written).length === 0) return;
  const missing = lost(await google.iap.getPolicy(task.resource));
  if (missing[0]) throw new GrantLost(task.resource, missing[0].member);
}
