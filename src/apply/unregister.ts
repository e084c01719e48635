import { isConflict, isNotFound, isUncertain, OperationError } from '../google/errors.js';
import { iapResourceOf } from '../google/names.js';
import { waitForOperation } from '../google/operations.js';
import type { RegistryService } from '../google/types.js';
import { orNull } from '../observe/or-null.js';
import type { Observed } from '../observe/observed.js';
import { EGRESSOR } from '../plan/grants.js';
import { canonicalServiceName } from '../plan/serving.js';
import type { EndpointChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { ServiceChanged, ServiceStays } from './errors.js';
import { patiently } from './patience.js';

/** Rounds of looking and deleting when the end of a deletion stays unknown. */
const MAX_ROUNDS = 5;
/** How long a read may lag behind a deletion, in milliseconds. */
const READ_LAG_MS = 10_000;
/** google.rpc.Code of an operation that did not find its resource. */
const NOT_FOUND = 5;

/**
 * Deletes one service with its endpoint and policy, and waits until it is gone. A deletion takes no etag: right before it, the
 * service has to be what the plan saw, and nobody may be granted on it whom the plan did not show.
 *
 * @returns false when it was gone already
 * @throws ServiceChanged, ServiceStays, ApiError, OperationError or the abort reason
 */
export async function unregister(change: EndpointChange, observed: Observed, deps: ApplyDeps): Promise<boolean> {
  for (let round = 1; round <= MAX_ROUNDS; round += 1) {
    const current = await orNull(deps.google.agentregistry.getService(change.service));
    if (current === null) return round > 1;
    checkUnchanged(current, change, observed);
    await checkMembers(change, observed, deps);
    try {
      await deleted(change, deps);
    } catch (error) {
      if (!isConflict(error) && !isUncertain(error)) throw error;
      deps.progress.step(change.key, 'nobody said how the deletion ended, looking at the service again');
      await deps.clock.sleep(deps.random() * Math.min(1000 * 2 ** round, 30_000), deps.signal);
      continue;
    }
    const attempt = async (): Promise<true | undefined> =>
      (await orNull(deps.google.agentregistry.getService(change.service))) === null ? true : undefined;
    if (await patiently(attempt, { longestPauseMs: 4_000, forMs: READ_LAG_MS }, deps)) return true;
  }
  throw new ServiceStays(change.service);
}

async function deleted(
  { service, key }: EndpointChange,
  { google, clock, signal, progress, ...deps }: ApplyDeps,
): Promise<void> {
  const done = progress.waiting(key, 'being removed');
  try {
    const started = await google.agentregistry.deleteService(service, deps.newRequestId());
    const get = (): ReturnType<typeof google.agentregistry.getOperation> =>
      google.agentregistry.getOperation(started.name);
    await waitForOperation({ name: started.name, started, get, clock, signal });
  } catch (error) {
    // Somebody else was faster.
    if (!isNotFound(error) && !(error instanceof OperationError && error.code === NOT_FOUND)) throw error;
  } finally {
    done();
  }
}

function checkUnchanged(current: RegistryService, change: EndpointChange, observed: Observed): void {
  const seen = observed.services.find(
    ({ name }) => canonicalServiceName(name, observed.registryProject) === change.service,
  );
  const content = ({ displayName, description, interfaces, registryResource }: RegistryService): string =>
    JSON.stringify([displayName, description, interfaces ?? [], registryResource]);
  if (seen && content(seen) === content(current)) return;
  throw new ServiceChanged(change.service, 'somebody has written it');
}

async function checkMembers(
  { service, registryResource = '', members = [] }: EndpointChange,
  { registryProject }: Observed,
  { google }: ApplyDeps,
): Promise<void> {
  const policy = await orNull(google.iap.getPolicy(iapResourceOf(registryResource, registryProject)));
  for (const binding of policy?.bindings ?? []) {
    const isKnown = (member: string): boolean =>
      binding.role === EGRESSOR && !binding.condition && members.includes(member);
    const other = (binding.members ?? []).find((member) => !isKnown(member));
    if (other !== undefined) throw new ServiceChanged(service, `${other} has been granted ${binding.role} on it`);
  }
}
