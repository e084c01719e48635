import { OPERATION_PAUSE_MS } from '../google/accesspolicies.js';
import {
  isAlreadyExists,
  isConflict,
  isNotFound,
  isPermissionDenied,
  isUncertain,
  refusalOf,
} from '../google/errors.js';
import { isProjectTarget, parseIamName, projectIamName, projectTarget, sameIamName } from '../google/iam-names.js';
import type { ProjectRef } from '../google/names.js';
import type { PolicyBinding } from '../google/types.js';
import { orNull } from '../observe/or-null.js';
import { AccessLost, BindingIdTaken } from './errors.js';
import { ACCESS_LABEL, settled, type AccessDeps } from './iam-operation.js';

/** How long a policy that was just created may be unknown to bindings, in milliseconds (public reports; Terraform's tests wait 60 s). */
const UNKNOWN_POLICY_MS = 120_000;
/** The binding has the policy's ID; where that is taken, the next of these. */
const ID_ENDINGS = ['', '-2', '-3'];

export interface BindTask {
  /** Full name of the policy. */
  readonly name: string;
  /** What it is bound to: it counts for every gateway there. */
  readonly project: ProjectRef;
}

/**
 * Binds an access policy to the gateway's project. A binding of the two that is there already will do, whatever its ID.
 *
 * @throws ApiError, OperationError, NetworkError, BindingIdTaken, EndUnseen or the abort reason
 */
export async function bindPolicy(task: BindTask, deps: AccessDeps): Promise<void> {
  const start = deps.clock.now();
  const ids = ID_ENDINGS.map((ending) => `${parseIamName(task.name, 'accessPolicies')?.id ?? ''}${ending}`);
  let taken = 0;
  for (;;) {
    deps.signal.throwIfAborted();
    const name = projectIamName(task.project, 'policyBindings', ids[taken] ?? '');
    try {
      await create(name, task, deps);
      deps.progress.step(ACCESS_LABEL, `bound to project ${task.project.id}`);
      return;
    } catch (error) {
      if (deps.signal.aborted) throw error;
      if (isTaken(error)) {
        const holder = await holderOf(name, task, deps);
        if (holder === 'us') return;
        if (holder === 'others') {
          taken += 1;
          if (taken === ids.length) throw new BindingIdTaken(name);
          continue;
        }
      } else if (!mayComeTrue(error)) throw error;
      if (deps.clock.now() - start > UNKNOWN_POLICY_MS) throw error;
      deps.progress.step(ACCESS_LABEL, `not bound yet (${(error as Error).message}); trying again`);
      await deps.clock.sleep(OPERATION_PAUSE_MS, deps.signal);
      const mayBeDone = isUncertain(error) || isConflict(error);
      if (mayBeDone && (await holderOf(name, task, deps)) === 'us') return;
    }
  }
}

/** @throws AccessLost when the write was accepted and the binding is not there */
async function create(name: string, task: BindTask, deps: AccessDeps): Promise<void> {
  const { accesspolicies } = deps.google;
  const operation = await accesspolicies.createBinding(name, {
    displayName: 'Agent Gateway egress',
    policyKind: 'ACCESS',
    policy: task.name,
    target: { resource: projectTarget(task.project) },
  });
  const isOurs = (binding: PolicyBinding | null): true | undefined =>
    binding !== null && binds(binding, task) ? true : undefined;
  const shown = await settled(
    {
      resource: name,
      operation,
      shown: (response) => isOurs(response as unknown as PolicyBinding),
      look: async () => isOurs(await orNull(accesspolicies.getBinding(name))),
    },
    deps,
  );
  if (!shown) throw new AccessLost(name);
}

/**
 * Whose a binding's name is, and whether another name binds the two already (where the caller may look for that).
 *
 * @returns undefined where there is no such binding: yet, when somebody else is just making it
 */
async function holderOf(name: string, task: BindTask, { google }: AccessDeps): Promise<'us' | 'others' | undefined> {
  const found = await orNull(google.accesspolicies.getBinding(name));
  if (found !== null && binds(found, task)) return 'us';
  try {
    const all = await google.accesspolicies.bindingsOf(task.name);
    if (all.some((binding) => binds(binding, task))) return 'us';
  } catch (error) {
    if (!isPermissionDenied(error) && !isNotFound(error)) throw error;
  }
  return found === null ? undefined : 'others';
}

/** @returns true when a binding ties this policy to this project */
export function binds({ policy, target }: PolicyBinding, { name, project }: BindTask): boolean {
  return sameIamName(policy ?? '', name, 'accessPolicies', project) && isProjectTarget(target?.resource, project);
}

function isTaken(error: unknown): boolean {
  return isAlreadyExists(error) || refusalOf(error)?.status === 'ALREADY_EXISTS';
}

/** A policy that was just created is not known everywhere; what is refused for a reason stays refused. */
function mayComeTrue(error: unknown): boolean {
  if (isNotFound(error) || isConflict(error) || isUncertain(error)) return true;
  const { status = '', reason } = refusalOf(error) ?? {};
  if (reason === 'POLICY_NOT_FOUND') return true;
  return ['NOT_FOUND', 'ABORTED', 'UNAVAILABLE', 'FAILED_PRECONDITION'].includes(status) && reason === undefined;
}
