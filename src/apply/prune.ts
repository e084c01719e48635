import { explain } from '../explain.js';
import { iapResourceOf } from '../google/names.js';
import type { Observed } from '../observe/observed.js';
import { groupBy } from '../plan/canonical.js';
import { EGRESSOR } from '../plan/grants.js';
import { opensToOthers } from '../plan/prune-grants.js';
import {
  allowPolicyGrants,
  endpointChanges,
  isRemoval,
  type EndpointChange,
  type GrantChange,
  type Plan,
} from '../plan/types.js';
import { plural } from '../plural.js';
import type { AccessRunner } from './access.js';
import type { ApplyDeps } from './deps.js';
import type { RemovalResult, RemovalResults } from './result.js';
import { revoke } from './revoke.js';
import { unregister } from './unregister.js';

export const NOTHING_REMOVED: RemovalResults = { members: new Map(), services: new Map() };

/**
 * Takes away what the plan takes away: members first, and services only when that went well. To be called when everything else
 * of the plan is done: until then, what goes may be what an engine still lives on.
 *
 * @returns how each removal ended; it never throws for what Google or the network do
 */
export async function prune(
  plan: Plan,
  observed: Observed,
  access: AccessRunner,
  deps: ApplyDeps,
): Promise<RemovalResults> {
  const byService = groupBy(allowPolicyGrants(plan).filter(isRemoval), ({ service }) => service);
  const endpoints = new Map(endpointChanges(plan).map((change) => [change.service, change]));
  const [fromPolicies, fromRules] = await Promise.all([
    Promise.all(
      [...byService].map(async ([service, removals]) => {
        const task = { service, endpoint: endpoints.get(service), removals };
        return [service, await revoking(task, observed, deps)] as const;
      }),
    ),
    access.remove(),
  ]);
  const results = { ...NOTHING_REMOVED, members: worse(new Map(fromPolicies), fromRules) };
  if ([...results.members.values()].some(({ status }) => status === 'failed')) return results;
  const services = await Promise.all(
    endpointChanges(plan)
      .filter(isRemoval)
      .map(async (change) => [change.service, await unregistering(change, observed, deps)] as const),
  );
  return { ...results, services: new Map(services) };
}

/** A service may lose members of both kinds. */
function worse(
  some: ReadonlyMap<string, RemovalResult>,
  others: ReadonlyMap<string, RemovalResult>,
): Map<string, RemovalResult> {
  const failed = [...some, ...others].filter(([, { status }]) => status === 'failed');
  return new Map([...some, ...others, ...failed]);
}

interface Revocation {
  readonly service: string;
  readonly endpoint: EndpointChange | undefined;
  readonly removals: readonly GrantChange[];
}

async function revoking(
  { service, endpoint, removals }: Revocation,
  observed: Observed,
  deps: ApplyDeps,
): Promise<RemovalResult> {
  const label = endpoint?.key ?? service;
  const resource = endpoint?.registryResource ?? '';
  try {
    deps.signal.throwIfAborted();
    const taken = await revoke(
      {
        resource: iapResourceOf(resource, observed.registryProject),
        label,
        removals,
        opensWhenEmpty: opensToOthers(observed),
      },
      deps,
    );
    deps.progress.step(label, taken === 0 ? 'members were taken out already' : `took ${plural(taken, 'member')} out`);
    return { status: 'done' };
  } catch (error) {
    deps.progress.step(label, 'taking members out FAILED');
    const doing = `Taking ${plural(removals.length, 'member')} of ${EGRESSOR} out of endpoint ${label} (${resource})`;
    return { status: 'failed', failure: explain(error, doing, 'grant-failed') };
  }
}

async function unregistering(change: EndpointChange, observed: Observed, deps: ApplyDeps): Promise<RemovalResult> {
  try {
    deps.signal.throwIfAborted();
    const removed = await unregister(change, observed, deps);
    deps.progress.step(change.key, removed ? 'removed, with its endpoint and policy' : 'was gone already');
    return { status: 'done' };
  } catch (error) {
    deps.progress.step(change.key, 'removing FAILED');
    const doing = `Removing endpoint ${change.key} (${change.service})`;
    return { status: 'failed', failure: explain(error, doing, 'register-failed') };
  }
}
