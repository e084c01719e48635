import { OPERATION_PAUSE_MS } from '../google/accesspolicies.js';
import { isConflict, isNotFound, refusalOf } from '../google/errors.js';
import { isProjectTarget } from '../google/iam-names.js';
import type { AccessPolicy, PolicyBinding } from '../google/types.js';
import { orNull } from '../observe/or-null.js';
import { MANAGED_ANNOTATION } from '../plan/access/marks.js';
import { bindPolicy, type BindTask } from './access-bind.js';
import { LastRule } from './errors.js';
import { ACCESS_LABEL, settled, type AccessDeps } from './iam-operation.js';

/** How long a policy whose binding is gone may still count as bound, in milliseconds (public reports: 10 to 30 s). */
const STILL_BOUND_MS = 120_000;

/**
 * Removes an access policy of which no rule is left: unbind, then delete with the etag that says so. It has to be one that this action
 * made, and bound nowhere else. Somebody who writes a rule into it meanwhile gets the binding back.
 *
 * @throws LastRule when it is not ours to delete; ApiError, OperationError, NetworkError, EndUnseen or the abort reason
 */
export async function removePolicy(policy: AccessPolicy, task: BindTask, deps: AccessDeps): Promise<void> {
  if (policy.annotations?.[MANAGED_ANNOTATION] !== 'true') {
    throw new LastRule(task.name, 'this one was not made by this action: unbind and delete it by hand');
  }
  const bindings = await deps.google.accesspolicies.bindingsOf(task.name);
  const elsewhere = bindings.find(({ target }) => !isProjectTarget(target?.resource, task.project));
  if (elsewhere) {
    throw new LastRule(task.name, `this one is also bound to ${elsewhere.target?.resource ?? elsewhere.name}`);
  }
  for (const binding of bindings) await unbind(binding, deps);
  try {
    await remove(policy, task, deps);
  } catch (error) {
    // It may hold somebody else's rules by now.
    if (bindings.length > 0) await bindPolicy(task, deps);
    throw error;
  }
  deps.progress.step(ACCESS_LABEL, `no rule was left: unbound and deleted ${task.name}`);
}

async function unbind({ name, etag }: PolicyBinding, deps: AccessDeps): Promise<void> {
  const { accesspolicies } = deps.google;
  const isGone = async (): Promise<true | undefined> =>
    (await orNull(accesspolicies.getBinding(name))) === null ? true : undefined;
  try {
    const operation = await accesspolicies.deleteBinding(name, etag);
    await settled({ resource: name, operation, look: isGone }, deps);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function remove(policy: AccessPolicy, task: BindTask, deps: AccessDeps): Promise<void> {
  const { accesspolicies } = deps.google;
  const start = deps.clock.now();
  for (;;) {
    deps.signal.throwIfAborted();
    try {
      const operation = await accesspolicies.deletePolicy(task.name, policy.etag);
      const isGone = async (): Promise<true | undefined> =>
        (await orNull(accesspolicies.getPolicy(task.name))) === null ? true : undefined;
      await settled({ resource: task.name, operation, look: isGone }, deps);
      return;
    } catch (error) {
      if (isNotFound(error)) return;
      const isStillBound = refusalOf(error)?.status === 'FAILED_PRECONDITION' && !isConflict(error);
      if (deps.signal.aborted || !isStillBound || deps.clock.now() - start > STILL_BOUND_MS) throw error;
      await deps.clock.sleep(OPERATION_PAUSE_MS, deps.signal);
    }
  }
}
