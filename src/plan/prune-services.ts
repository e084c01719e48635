import type { Desired } from '../config/desired.js';
import { formatServiceName } from '../google/names.js';
import type { IamPolicy, RegistryService } from '../google/types.js';
import type { Observed } from '../observe/observed.js';
import { redactUrl } from '../redact.js';
import { othersByRule } from './access/others.js';
import { compareText, sortBy } from './canonical.js';
import { egressors } from './checks/members.js';
import { EGRESSOR } from './grants.js';
import { keyIn, ownedDescription } from './ownership.js';
import { isNobody, opensToOthers, ownerIn } from './prune-grants.js';
import { reachOf } from './reach.js';
import { canonicalServiceName } from './serving.js';
import type { EndpointChange, GrantModel } from './types.js';

/** A service that is no longer declared and stays all the same. */
export interface KeptService {
  readonly service: string;
  readonly key: string;
  /**
   * `in-use`: another endpoint of the config uses its hosts. `edited`: somebody wrote into its description. `not-an-endpoint`:
   * somebody made something else of it. `no-endpoint-yet`: there is nothing yet that could tell who uses it. `granted`: somebody
   * else is granted on it. `registry-wide`: others reach its hosts through the registry-wide policy.
   */
  readonly why: 'in-use' | 'edited' | 'not-an-endpoint' | 'no-endpoint-yet' | 'granted' | 'registry-wide';
  /** Of `in-use` the endpoints that use it, of the last two who it is; sorted. */
  readonly who: readonly string[];
}

export interface ServicePruning {
  readonly removals: readonly EndpointChange[];
  readonly kept: readonly KeptService[];
}

/** What undeclared services are found in. */
type Registry = Pick<Observed, 'project' | 'region' | 'registryProject' | 'services'>;

interface Undeclared {
  readonly name: string;
  readonly key: string;
  readonly service: RegistryService;
}

/**
 * The services that this config made for this scope, and whose key it no longer declares. Nothing in a run that does not speak
 * for the whole file.
 *
 * @returns sorted by key
 */
export function undeclaredServices(desired: Desired, registry: Registry): Undeclared[] {
  if (reachOf(desired) !== 'file') return [];
  const declared = new Set(desired.endpoints.map(({ key }) => key));
  const found = registry.services.flatMap((service) => {
    const key = keyIn(service, ownerIn(desired.config, registry));
    if (key === undefined || declared.has(key)) return [];
    const name = canonicalServiceName(service.name, registry.registryProject);
    // A description may be copied; the key is the service's ID, or it is not the service that the mark is about.
    const own = formatServiceName({ project: registry.registryProject.id, location: registry.region, id: key });
    return name === own ? [{ name, key, service }] : [];
  });
  return sortBy(found, ({ key }) => key);
}

/**
 * Which of these services can go: those that nobody else has a part in. A service that goes takes its endpoint and its policy
 * with it, and Google never gives the endpoint's ID again.
 *
 * @param endpoints the planned endpoint layer
 * @param model which policies decide
 */
export function pruneServices(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  { decides }: Pick<GrantModel, 'decides'>,
): ServicePruning {
  const removals: EndpointChange[] = [];
  const kept: KeptService[] = [];
  for (const found of undeclaredServices(desired, observed)) {
    const reason =
      whyKept(found, desired, observed, endpoints) ??
      // Where rules alone decide, an empty policy opens nothing.
      (decides.includes('V1') ? whyOpen(found, observed) : undefined);
    if (reason) kept.push({ service: found.name, key: found.key, ...reason });
    else removals.push(removalOf(found, observed));
  }
  return { removals, kept };
}

function whyKept(
  { name, key, service }: Undeclared,
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
): Pick<KeptService, 'why' | 'who'> | undefined {
  const users = endpoints.filter((change) => change.service === name).map((change) => change.key);
  if (users.length > 0) return { why: 'in-use', who: [...new Set(users)].sort(compareText) };
  if (service.agentSpec ?? service.mcpServerSpec) return { why: 'not-an-endpoint', who: [] };
  if (service.description !== ownedDescription({ ...ownerIn(desired.config, observed), key })) {
    return { why: 'edited', who: [] };
  }
  if (!service.registryResource) return { why: 'no-endpoint-yet', who: [] };
  const others = new Set([
    ...othersIn(observed.policies.get(service.registryResource), observed),
    ...othersByRule(name, service.registryResource, desired, observed),
  ]);
  return others.size > 0 ? { why: 'granted', who: [...others].sort(compareText) } : undefined;
}

function whyOpen({ service }: Undeclared, observed: Observed): Pick<KeptService, 'why' | 'who'> | undefined {
  const policy = observed.policies.get(service.registryResource ?? '');
  if (egressors(policy).length > 0 || !opensToOthers(observed)) return undefined;
  const bindings = (observed.registryPolicy?.bindings ?? []).filter(({ role }) => role === EGRESSOR);
  const registryWide = othersIn({ bindings }, observed);
  if (observed.registryPolicy !== undefined && registryWide.length === 0) return undefined;
  return { why: 'registry-wide', who: registryWide };
}

/** Everybody but the engines of this run and those that nobody can be any more; whoever has another role, or a condition. */
function othersIn(policy: IamPolicy | undefined, observed: Observed): string[] {
  const ours = new Set(observed.engines.flatMap(({ principal }) => principal ?? []));
  const others = (policy?.bindings ?? []).flatMap(({ role, condition, members }) =>
    (members ?? []).filter((member) => {
      const isPlain = role === EGRESSOR && !condition;
      return !(isPlain && (ours.has(member) || isNobody(member, observed)));
    }),
  );
  return [...new Set(others)].sort(compareText);
}

function removalOf({ name, key, service }: Undeclared, observed: Observed): EndpointChange {
  const policy = observed.policies.get(service.registryResource ?? '');
  return {
    layer: 'endpoint',
    action: 'remove',
    key,
    service: name,
    displayName: service.displayName ?? '',
    ...(service.registryResource ? { registryResource: service.registryResource } : {}),
    interfaces: sortBy(
      (service.interfaces ?? []).map(({ url, protocolBinding }) => ({
        action: 'remove' as const,
        url: redactUrl(url),
        protocol: protocolBinding,
        reason: '',
      })),
      ({ url }) => url,
      ({ protocol }) => protocol,
    ),
    fields: [],
    members: egressors(policy).sort(compareText),
  };
}
