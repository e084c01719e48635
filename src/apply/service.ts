import { explain } from '../explain.js';
import { iapResourceOf } from '../google/names.js';
import type { Observed } from '../observe/observed.js';
import { endpointChanges, isChange, type EndpointChange, type GrantChange, type Plan } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { grant } from './grant.js';
import { register, takeOut } from './register.js';
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
  try {
    registryResource = await registered(change, deps);
  } catch (error) {
    const failure = explain(error, `Registering endpoint ${change.key} (${change.service})`, 'register-failed');
    return { ...base, status: 'failed', failure };
  }
  try {
    const granted = await granting(task, grants, registryResource, observed, deps);
    return { ...base, status: 'done', registryResource, granted };
  } catch (error) {
    const doing = `Granting roles/iap.egressor on endpoint ${change.key} (${registryResource})`;
    return { ...base, status: 'failed', registryResource, failure: explain(error, doing, 'grant-failed') };
  }
}

/**
 * Takes out of one service what the plan takes out, after everything else. A service whose first part failed keeps it: the
 * next run does both.
 */
export async function finishService(result: ServiceResult, plan: Plan, deps: ApplyDeps): Promise<ServiceResult> {
  const change = endpointChanges(plan).find(({ service, action }) => service === result.service && action === 'update');
  if (result.failure || !change?.interfaces.some(({ action }) => action === 'remove')) return result;
  try {
    deps.signal.throwIfAborted();
    await takeOut(change, deps);
    deps.progress.step(change.key, 'took out the hosts that are no longer declared');
    return result;
  } catch (error) {
    const doing = `Taking hosts out of endpoint ${change.key} (${change.service})`;
    return { ...result, status: 'failed', failure: explain(error, doing, 'register-failed') };
  }
}

async function registered(change: EndpointChange, deps: ApplyDeps): Promise<string> {
  deps.signal.throwIfAborted();
  const resource = await register(change, deps);
  if (isChange(change)) {
    deps.progress.step(change.key, `${change.action === 'create' ? 'registered' : 'updated'} as ${resource}`);
  }
  return resource;
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
  deps.progress.step(change.key, granted === 0 ? 'already granted' : `granted to ${granted} member(s)`);
  return granted;
}
