import { explain } from '../explain.js';
import { iapResourceOf } from '../google/names.js';
import type { Observed } from '../observe/observed.js';
import { endpointChanges, isChange, type EndpointChange, type GrantChange, type Plan } from '../plan/types.js';
import { plural } from '../plural.js';
import type { ApplyDeps } from './deps.js';
import { grant } from './grant.js';
import { complete, register, type Registered } from './register.js';
import type { ServiceResult } from './result.js';

/** One service with everybody who shall be granted on it. */
export interface ServiceTask {
  readonly change: EndpointChange;
  readonly grants: readonly GrantChange[];
}

/**
 * Registers one service and grants on it.
 *
 * @returns how it ended; failures are part of the result, since other services and engines go on
 */
export async function prepareService(task: ServiceTask, observed: Observed, deps: ApplyDeps): Promise<ServiceResult> {
  const { change } = task;
  const grants = task.grants.filter(isChange);
  const base = { service: change.service, granted: 0 };
  if (!isChange(change) && grants.length === 0) {
    const { registryResource } = change;
    return { ...base, status: 'unchanged', ...(registryResource ? { registryResource } : {}) };
  }
  let registryResource: string;
  let isShared: boolean;
  try {
    ({ resource: registryResource, isShared } = await registered(change, deps));
  } catch (error) {
    const failure = explain(error, `Registering endpoint ${change.key} (${change.service})`, 'register-failed');
    return { ...base, status: 'failed', failure };
  }
  try {
    const granted = await granting(task, grants, registryResource, observed, deps);
    return { ...base, status: 'done', registryResource, isShared, granted };
  } catch (error) {
    const doing = `Granting roles/iap.egressor on endpoint ${change.key} (${registryResource})`;
    return { ...base, status: 'failed', registryResource, failure: explain(error, doing, 'grant-failed') };
  }
}

/**
 * Looks once more, after everything else, at a service that others may have written too: takes out what the plan takes
 * out, and sees to it that nobody has written over what was added. A service whose first part failed keeps what it has:
 * the next run does both.
 */
export async function finishService(result: ServiceResult, plan: Plan, deps: ApplyDeps): Promise<ServiceResult> {
  const change = endpointChanges(plan).find((item) => item.service === result.service && isChange(item));
  if (!result.isShared || !change?.interfaces.some(({ action }) => action !== 'keep')) return result;
  const takesOut = change.interfaces.some(({ action }) => action === 'remove');
  try {
    deps.signal.throwIfAborted();
    await complete(change, deps);
    if (takesOut) deps.progress.step(change.key, 'took out the hosts that are no longer declared');
    return result;
  } catch (error) {
    const doing = takesOut ? 'Taking hosts out of' : 'Looking once more at';
    const failure = explain(error, `${doing} endpoint ${change.key} (${change.service})`, 'register-failed');
    return { ...result, status: 'failed', failure };
  }
}

async function registered(change: EndpointChange, deps: ApplyDeps): Promise<Registered> {
  deps.signal.throwIfAborted();
  const result = await register(change, deps);
  if (isChange(change)) {
    deps.progress.step(change.key, `${change.action === 'create' ? 'registered' : 'updated'} as ${result.resource}`);
  }
  return result;
}

async function granting(
  { change }: ServiceTask,
  grants: readonly GrantChange[],
  registryResource: string,
  observed: Observed,
  deps: ApplyDeps,
): Promise<number> {
  if (grants.length === 0) return 0;
  deps.signal.throwIfAborted();
  const policy = observed.policies.get(registryResource);
  const granted = await grant(
    {
      resource: iapResourceOf(registryResource, observed.registryProject),
      label: change.key,
      grants,
      ...(policy ? { policy } : {}),
    },
    deps,
  );
  deps.progress.step(change.key, granted === 0 ? 'already granted' : `granted to ${plural(granted, 'member')}`);
  return granted;
}
