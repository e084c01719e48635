import type { Desired, DesiredAgent, DesiredEndpoint } from './desired.js';
import { expandPreset } from './expand.js';
import type { HostScope } from './preset-hosts.js';
import { formatOrigin, problem, quote, type Problem } from './problems.js';
import { selectorKey } from './selectors.js';

/** All URLs an endpoint lists, by itself and through its presets, each once. */
export function declaredUrls(endpoint: Pick<DesiredEndpoint, 'urls' | 'presets'>, scope: HostScope): string[] {
  const own = endpoint.urls.map(({ url }) => url);
  const expanded = endpoint.presets.flatMap(({ name }) => expandPreset(name, scope).map(({ url }) => url));
  return [...new Set([...own, ...expanded])];
}

/**
 * Which endpoint carries which URL: the first that lists it. Agent Registry lets one service of a project and location
 * carry a URL and refuses another one with "Interface URL … is already in use by another service".
 */
export function assignUrls(endpoints: Desired['endpoints'], scope: HostScope): Map<string, DesiredEndpoint> {
  const owners = new Map<string, DesiredEndpoint>();
  for (const endpoint of endpoints) {
    for (const url of declaredUrls(endpoint, scope)) if (!owners.has(url)) owners.set(url, endpoint);
  }
  return owners;
}

/** The endpoint whose service carries the URL; `undefined` when none lists it. */
export function ownerOfUrl(
  url: string,
  endpoints: Desired['endpoints'],
  scope: HostScope,
): DesiredEndpoint | undefined {
  return assignUrls(endpoints, scope).get(url);
}

/**
 * A URL that a later endpoint lists too is served by the first one only, and so is the grant for it. That is fine for
 * engines that are allowed both. One that is allowed only the later key would be denied the host: a problem.
 */
export function sharedUrlProblems(
  endpoints: Desired['endpoints'],
  agents: readonly DesiredAgent[],
  scope: HostScope,
): Problem[] {
  const owners = assignUrls(endpoints, scope);
  const allowed = allowedSelectors(agents);
  return endpoints.flatMap((later) => {
    const lost = new Map<DesiredEndpoint, string[]>();
    for (const url of declaredUrls(later, scope)) {
      const first = owners.get(url);
      if (first === undefined || first === later) continue;
      lost.set(first, [...(lost.get(first) ?? []), url]);
    }
    return [...lost].flatMap(([first, urls]) => {
      const owner = allowed.get(first.key);
      const without = [...(allowed.get(later.key) ?? [])].find((key) => !owner?.has(key) && !owner?.has('all'));
      return without === undefined ? [] : [sharedUrlProblem(first, later, urls)];
    });
  });
}

function sharedUrlProblem(first: DesiredEndpoint, later: DesiredEndpoint, urls: readonly string[]): Problem {
  const more = urls.length > 1 ? ` (and ${urls.length - 1} more)` : '';
  return problem(
    later.origin,
    `${quote(urls[0])}${more} is listed by ${quote(first.key)} (${formatOrigin(first.origin)}) and by ${quote(later.key)} ` +
      `(${formatOrigin(later.origin)}), but Agent Registry lets one service carry a URL: it belongs to the first, ` +
      'and an engine that is allowed only the second would not reach it.',
    `Put the hosts in one endpoint, or allow ${quote(first.key)} wherever ${quote(later.key)} is allowed.`,
  );
}

function allowedSelectors(agents: readonly DesiredAgent[]): Map<string, Set<string>> {
  const allowed = new Map<string, Set<string>>();
  for (const { selector, allow } of agents) {
    for (const key of allow) {
      const selectors = allowed.get(key) ?? new Set<string>();
      allowed.set(key, selectors.add(selectorKey(selector)));
    }
  }
  return allowed;
}
