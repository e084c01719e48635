import { isConflict, isNotFound, isUncertain } from '../google/errors.js';
import type { IamPolicy } from '../google/types.js';
import type { ApplyDeps } from './deps.js';
import { patiently, pauseAfter } from './patience.js';

/** Attempts at one policy when others keep writing it; Terraform's IAM resources retry the same way. */
const MAX_CONFLICTS = 10;
/** Attempts when Google does not say whether it took the write. */
const MAX_UNCERTAIN = 4;
const CONFLICT = 'somebody else wrote the policy meanwhile';

/** One service's policy and what it shall become. */
export interface PolicyTask {
  /** Path of the IAP resource, from `iapResourceOf`. */
  readonly resource: string;
  /** For messages. */
  readonly label: string;
  /** The policy as it was observed: its etag makes it safe to start from; read first when absent. */
  readonly policy?: IamPolicy;
  /** How long IAP may not know an endpoint that the registry has just made, in milliseconds; 0 for one that is known. */
  readonly unknownMs: number;
  /** @returns the policy to write, or undefined when the given one will do */
  readonly change: (policy: IamPolicy) => IamPolicy | undefined;
  /** Whether a policy that was written shows what it should. @throws what is to be said when it does not */
  readonly check: (policy: IamPolicy) => void;
}

/**
 * Changes one endpoint's IAP policy, in one write: read, merge, write with the etag and version 3. When somebody else wrote in
 * between (409 ABORTED, or 412), the policy is read again and changed anew.
 *
 * @throws ApiError, what `change` or `check` throw, or the abort reason
 */
export async function writePolicyOf(task: PolicyTask, deps: ApplyDeps): Promise<void> {
  const start = deps.clock.now();
  let policy = task.policy;
  for (let attempt = 1; ; attempt += 1) {
    policy ??= await readPolicy(task, deps);
    const changed = task.change(policy);
    if (changed === undefined) return;
    try {
      await confirm(task, await deps.google.iap.setPolicy(task.resource, changed), deps);
      return;
    } catch (error) {
      const isNew = isNotFound(error) && deps.clock.now() - start < task.unknownMs;
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

async function readPolicy({ resource, unknownMs }: PolicyTask, deps: ApplyDeps): Promise<IamPolicy> {
  const attempt = (): Promise<IamPolicy | undefined> =>
    deps.google.iap.getPolicy(resource).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  const policy = await patiently(attempt, { longestPauseMs: 10_000, forMs: unknownMs }, deps);
  // Asked once more so that the error says what Google answers.
  return policy ?? deps.google.iap.getPolicy(resource);
}

/** The answer to a write should show what was written; where it does not, the policy itself decides. */
async function confirm({ resource, check }: PolicyTask, written: IamPolicy, { google }: ApplyDeps): Promise<void> {
  try {
    check(written);
  } catch {
    check(await google.iap.getPolicy(resource));
  }
}
