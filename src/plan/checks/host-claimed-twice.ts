import { redactUrl } from '../../redact.js';
import type { Observed } from '../../observe/observed.js';
import { canonicalServiceName, normaliseUrl } from '../serving.js';
import type { EndpointChange } from '../types.js';
import type { Check } from './check.js';
import { byService, endpointOrigin, listed } from './wording.js';

/**
 * One URL in two services of one registry: Agent Registry refuses that, but not every spelling of it (a slash at the end or a
 * capital letter gets past), and which of the two policies then decides is not documented. Of two registries of one
 * gateway, the regional one decides ("Set up Agent Gateway" page). Two paths of one host are two services' by right.
 */
export const hostClaimedTwice: Check = {
  id: 'host-claimed-twice',
  level: 'warning',
  run: ({ desired, observed, endpoints }) => {
    const planned = byService(endpoints);
    const claims = claimsOf(observed, endpoints);
    const sameUrl = shared(claims, planned, ({ url }) => plainUrl(url));
    const sameHost = shared(claims, planned, ({ url }) => hostOf(url));
    const origin = (services: readonly string[]): object =>
      endpointOrigin(
        { desired },
        services.flatMap((name) => (planned.get(name) ?? []).map(({ key }) => key)),
      );
    const regional = new Set(claims.filter(({ isRegional }) => isRegional).map(({ service }) => service));
    const warnings = [...sameUrl.values()].map(({ services, whats }) => ({
      message: `${listed(whats.map(redactUrl))} ${whats.length === 1 ? 'is' : 'are'} served by ${services.length} services at once, ${services.join(' and ')}: ${
        services.every((name) => regional.has(name))
          ? 'it is open whose policy decides.'
          : `the registry of ${observed.region} decides, so grants on the other count for nothing.`
      }`,
      remedy: 'Take the URL out of all of these services but one.',
      ...origin(services),
    }));
    const notes = [...sameHost]
      .filter(([group]) => !sameUrl.has(group))
      .map(([, { services, whats }]) => ({
        message: `${listed(whats)} is in ${services.length} services with other ports, schemes or paths, ${services.join(' and ')}: each has its own grants.`,
        remedy: 'Nothing to do as long as that is meant.',
        isNote: true,
        ...origin(services),
      }));
    return [...warnings, ...notes];
  },
};

/** One URL of one service in a registry that the gateway looks into, as it will be after this plan. */
interface Claim {
  readonly service: string;
  /** Normalised. */
  readonly url: string;
  /** In the registry where this config registers. */
  readonly isRegional: boolean;
}

function claimsOf({ services, registryProject, attached }: Observed, endpoints: readonly EndpointChange[]): Claim[] {
  const removed = new Set(
    endpoints.flatMap(({ service, interfaces }) =>
      interfaces.filter(({ action }) => action === 'remove').map(({ url }) => `${service} ${normaliseUrl(url)}`),
    ),
  );
  const planned = endpoints.flatMap(({ service, interfaces }) =>
    interfaces.map(({ url }) => ({ service, url: normaliseUrl(url), isRegional: true })),
  );
  const regional = services.flatMap(({ name, interfaces = [] }) =>
    interfaces.map(({ url }) => ({
      service: canonicalServiceName(name, registryProject),
      url: normaliseUrl(url),
      isRegional: true,
    })),
  );
  const others = attached
    .flatMap((registry) => (registry.kind === 'read' ? registry.services : []))
    .flatMap(({ name, interfaces = [] }) =>
      interfaces.map(({ url }) => ({ service: name, url: normaliseUrl(url), isRegional: false })),
    );
  return [...planned, ...regional, ...others].filter(({ service, url }) => !removed.has(`${service} ${url}`));
}

interface Shared {
  readonly services: readonly string[];
  /** What they share: URLs or hosts. */
  readonly whats: readonly string[];
}

/** What several services claim, one of them of this plan; by the services, so that many hosts make one finding. */
function shared(
  claims: readonly Claim[],
  planned: ReadonlyMap<string, unknown>,
  whatOf: (claim: Claim) => string,
): Map<string, Shared> {
  const owners = new Map<string, Set<string>>();
  for (const claim of claims) {
    const what = whatOf(claim);
    owners.set(what, (owners.get(what) ?? new Set()).add(claim.service));
  }
  const groups = new Map<string, Shared>();
  for (const [what, names] of [...owners].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const services = [...names].sort();
    if (services.length < 2 || !services.some((name) => planned.has(name))) continue;
    const group = services.join(' ');
    groups.set(group, { services, whats: [...(groups.get(group)?.whats ?? []), what] });
  }
  return groups;
}

/** The port that https has anyway, and the dot of a full host name, make no other URL. */
function plainUrl(url: string): string {
  return url.replace(/^(https:\/\/[^/:?#@]+?)\.?(?::443)?\/?(?=[/?#]|$)/, '$1');
}

/** @returns the host of a URL, without user information and port; the URL itself when it has none */
function hostOf(url: string): string {
  return /^[a-z][a-z\d+.-]*:\/\/(?:[^/?#]*@)?([^/?#:]+)/.exec(url)?.[1]?.replace(/\.$/, '') ?? url;
}
