import { isAlreadyExists, isConflict, isNotFound, isUncertain, refusalOf } from '../google/errors.js';
import type { ProjectRef } from '../google/names.js';
import type { AccessPolicy, AccessRule } from '../google/types.js';
import { orNull } from '../observe/or-null.js';
import { MANAGED_ANNOTATION } from '../plan/access/marks.js';
import { editRules, rulesOf, type RuleEdit } from '../plan/access/rules.js';
import { removePolicy } from './access-remove.js';
import { AccessLost } from './errors.js';
import { ACCESS_LABEL, settled, type AccessDeps } from './iam-operation.js';

/** Attempts at one policy when others keep writing it, or when Google does not say whether it took the write. */
const MAX_ATTEMPTS = 6;
const LONGEST_PAUSE_MS = 30_000;
/** Of a policy that this action makes; at most 63 characters. */
const DISPLAY_NAME = 'Agent Gateway egress';

/** What is to be changed in an access policy, for all services of a run at once: the quota is five writes a minute. */
export interface AccessTask {
  /** Full name of the policy. */
  readonly name: string;
  /** The gateway's. */
  readonly project: ProjectRef;
  readonly edits: readonly RuleEdit[];
  /** As it was observed, null where it is not there: its etag makes it safe to start from. Absent: to be read. */
  readonly policy?: AccessPolicy | null;
}

/**
 * Makes edits to the rules of an access policy, all in one write: read, merge, write the whole policy with its etag. When somebody
 * else wrote in between (409 ABORTED, 412, or the policy was made or deleted meanwhile), it is read again and merged anew.
 *
 * @returns true when the policy was not there, at first or on the way: no binding that was seen before is one of it
 * @throws ApiError, OperationError, NetworkError, AccessLost, LastRule, EndUnseen or the abort reason
 */
export async function writeRules(task: AccessTask, deps: AccessDeps): Promise<boolean> {
  let policy = task.policy;
  let isNew = false;
  for (let attempt = 1; ; attempt += 1) {
    deps.signal.throwIfAborted();
    policy = policy === undefined ? await orNull(deps.google.accesspolicies.getPolicy(task.name)) : policy;
    isNew ||= policy === null;
    const rules = rulesOf(policy);
    const edited = editRules(rules, task.edits);
    // Nothing to take out of a policy that is not there.
    if (edited === rules) return isNew;
    try {
      if (await isWritten(task, policy, edited, deps)) return isNew;
      if (attempt === MAX_ATTEMPTS) throw new AccessLost(task.name);
    } catch (error) {
      if (deps.signal.aborted || attempt === MAX_ATTEMPTS || !mayTryAgain(error)) throw error;
      deps.progress.step(ACCESS_LABEL, `${whyAgain(error)}; reading it again`);
      await deps.clock.sleep(deps.random() * Math.min(1000 * 2 ** attempt, LONGEST_PAUSE_MS), deps.signal);
    }
    policy = undefined;
  }
}

/** @returns false when the write was accepted and somebody else's came over it at once */
async function isWritten(
  task: AccessTask,
  policy: AccessPolicy | null,
  rules: readonly AccessRule[],
  deps: AccessDeps,
): Promise<boolean> {
  const { accesspolicies } = deps.google;
  if (policy !== null && rules.length === 0) {
    await removePolicy(policy, task, deps);
    return true;
  }
  const details = { ...policy?.details, rules: [...rules] };
  const operation =
    policy === null
      ? await accesspolicies.createPolicy(task.name, {
          displayName: DISPLAY_NAME,
          annotations: { [MANAGED_ANNOTATION]: 'true' },
          details,
        })
      : await accesspolicies.patchPolicy({ ...policy, details });
  deps.progress.step(ACCESS_LABEL, `${policy === null ? 'being created' : 'being written'}: ${task.name}`);
  const says = (found: AccessPolicy | null): true | undefined => {
    const now = rulesOf(found);
    return found !== null && editRules(now, task.edits) === now ? true : undefined;
  };
  const written = await settled(
    {
      resource: task.name,
      operation,
      shown: (response) => says(response as unknown as AccessPolicy),
      look: async () => says(await orNull(accesspolicies.getPolicy(task.name))),
    },
    deps,
  );
  return written ?? false;
}

/** The etag makes another round safe, whether the last write was carried out or not. */
function mayTryAgain(error: unknown): boolean {
  if (isConflict(error) || isAlreadyExists(error) || isNotFound(error) || isUncertain(error)) return true;
  const status = refusalOf(error)?.status ?? '';
  return ['ABORTED', 'ALREADY_EXISTS', 'NOT_FOUND', 'UNAVAILABLE'].includes(status);
}

function whyAgain(error: unknown): string {
  const others = isConflict(error) || isAlreadyExists(error) || refusalOf(error)?.status === 'ABORTED';
  return others ? 'somebody else wrote the policy meanwhile' : (error as Error).message;
}
