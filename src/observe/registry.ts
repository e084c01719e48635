import type { Desired } from '../config/desired.js';
import { ApiError, isApiDisabled, isNotFound, isPermissionDenied, NetworkError } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { iapRegistryOf, iapResourceOf, parseRegistryName, type ProjectRef } from '../google/names.js';
import type { AgentGateway, IamPolicy, RegistryService } from '../google/types.js';
import { reachOf } from '../plan/reach.js';
import type { DisabledApis } from './disabled.js';
import type { AttachedRegistry, Observed } from './observed.js';
import { orNull } from './or-null.js';

/**
 * A config without endpoints needs no right to read a registry, but with `prune` it may have had some: then the registry is
 * read as far as the caller may.
 */
export async function readServices(
  desired: Desired,
  project: string,
  google: Google,
  disabled: DisabledApis,
): Promise<Pick<Observed, 'services' | 'servicesUnread'>> {
  const listed = async (): Promise<RegistryService[]> => google.agentregistry.listServices(project, desired.region);
  if (desired.endpoints.length > 0) return { services: await disabled.orElse(listed(), [], project) };
  if (!desired.prune || desired.agents.length === 0 || reachOf(desired) !== 'file') return { services: [] };
  try {
    return { services: await listed() };
  } catch (error) {
    if (!isPermissionDenied(error) && !isApiDisabled(error)) throw error;
    return { services: [], servicesUnread: error.googleMessage };
  }
}

/**
 * The services of the other registries that an egress gateway looks into: they may serve the same hosts. A plan can do
 * without, so a registry that cannot be read is only named.
 */
export async function readAttached(
  desired: Desired,
  gateway: AgentGateway | null | undefined,
  registryProject: ProjectRef,
  google: Google,
): Promise<AttachedRegistry[]> {
  const others = (gateway?.registries ?? [])
    .flatMap((name) => parseRegistryName(name) ?? [])
    .filter(
      ({ project, location }) =>
        location !== desired.region || ![registryProject.id, registryProject.number].includes(project),
    );
  if (desired.endpoints.length === 0) return [];
  return Promise.all(
    others.map(async ({ project, location }): Promise<AttachedRegistry> => {
      try {
        const services = await google.agentregistry.listServices(project, location);
        return { project, location, kind: 'read', services };
      } catch (error) {
        // The same API was asked of the gateway's own registry, and a check names it.
        if (isApiDisabled(error)) return { project, location, kind: 'read', services: [] };
        if (error instanceof ApiError && error.status !== 401) {
          return { project, location, kind: 'unreadable', why: error.googleMessage };
        }
        if (error instanceof NetworkError) return { project, location, kind: 'unreadable', why: error.message };
        throw error;
      }
    }),
  );
}

/**
 * The registry-wide IAP policy, and those of the services that a plan is about.
 *
 * @param resources registry resources of these services
 */
export async function readPolicies(
  desired: Desired,
  resources: readonly string[],
  registry: ProjectRef,
  google: Google,
  disabled: DisabledApis,
): Promise<Pick<Observed, 'policies' | 'registryPolicy'>> {
  const carriesOver = desired.endpoints.some(({ carryOver }) => carryOver);
  const [registryPolicy, ...policies] = await Promise.all([
    desired.endpoints.length === 0 && resources.length === 0
      ? undefined
      : disabled.orElse(
          readRegistryPolicy(carriesOver, iapRegistryOf(registry, desired.region), google),
          undefined,
          registry.id,
        ),
    ...resources.map(async (name) => {
      // IAP may not know an endpoint yet that the registry has just made: then nobody is granted anything on it.
      const policy = await disabled.orElse(
        orNull(google.iap.getPolicy(iapResourceOf(name, registry))),
        null,
        registry.id,
      );
      return policy ? ([[name, policy]] as const) : [];
    }),
  ]);
  return { policies: new Map(policies.flat()), ...(registryPolicy ? { registryPolicy } : {}) };
}

/** Needed to carry members over; otherwise it only tells who would lose access, and a caller may lack the right to it. */
async function readRegistryPolicy(isNeeded: boolean, resource: string, google: Google): Promise<IamPolicy | undefined> {
  try {
    return await google.iap.getPolicy(resource);
  } catch (error) {
    if (!isNeeded && (isPermissionDenied(error) || isNotFound(error))) return undefined;
    throw error;
  }
}
