import type { Observed, ObservedEngine } from '../../observe/observed.js';
import type { EndpointChange } from '../types.js';
import type { Check } from './check.js';
import { egressors, mayMean } from './members.js';
import { normaliseUrl } from '../serving.js';
import { endpointOrigin, engineOf, listed, named, newEgress } from './wording.js';

/**
 * What every engine calls while it starts: the project's name ("Troubleshoot Agent Gateway" page), sessions and the model
 * in its region ("Route Agent Runtime traffic through Agent Gateway" page). Which form of the host it calls depends on its
 * environment, so either will do here.
 */
const startUpServices = (region: string): string[] => ['cloudresourcemanager', `${region}-aiplatform`];

/** Behind an enforcing gateway an engine whose start-up calls are denied does not start, and its update fails with code 13. */
export const runtimeHostsMissing: Check = {
  id: 'runtime-hosts-missing',
  level: 'warning',
  run: ({ desired, observed, endpoints, bindings }) =>
    newEgress({ observed, bindings }).flatMap((change) => {
      const engine = engineOf(observed, change.engine);
      const allow = observed.selection.allow.get(change.engine) ?? [];
      // Without any endpoint its grants are kept elsewhere.
      if (!engine || allow.length === 0) return [];
      const allowed = desired.endpoints.filter(({ key }) => allow.includes(key));
      if (allowed.some(({ presets }) => presets.some(({ name }) => name === 'runtime'))) return [];
      const hosts = reachableHosts(engine, allow, endpoints, observed);
      const missing = startUpServices(observed.region).filter((service) => !hosts.some((host) => isOf(host, service)));
      if (missing.length === 0) return [];
      return [
        {
          message: `Engine ${named(engine)} is to be bound to egress gateway ${change.egress.to ?? ''}, but none of the endpoints it may use (${listed(allow)}) has ${missing
            .map((service) => `${service}.googleapis.com or ${service}.mtls.googleapis.com`)
            .join(', nor ')}, which it calls when it starts.`,
          remedy: 'Add presets: [runtime] to an endpoint that this engine is allowed, before it is bound.',
          ...endpointOrigin({ desired }, allow),
        },
      ];
    }),
};

/** All that the config allows, and what it may have been granted before by somebody else. */
function reachableHosts(
  { principal }: ObservedEngine,
  allow: readonly string[],
  endpoints: readonly EndpointChange[],
  observed: Observed,
): string[] {
  const holds = (members: readonly string[]): boolean => members.some((member) => mayMean(member, principal));
  const planned = endpoints
    .filter(
      ({ key, registryResource = '' }) =>
        allow.includes(key) || holds(egressors(observed.policies.get(registryResource))),
    )
    .flatMap(({ interfaces }) => interfaces.filter(({ action }) => action !== 'remove').map(({ url }) => url));
  const registryWide = holds(egressors(observed.registryPolicy))
    ? observed.services.flatMap(({ interfaces = [] }) => interfaces.map(({ url }) => url))
    : [];
  return [...planned, ...registryWide].map((url) => normaliseUrl(url).replace(/^https:\/\//, ''));
}

/** With any domain behind it: clouds other than googleapis.com have their own. */
function isOf(host: string, service: string): boolean {
  return host.startsWith(`${service}.`);
}
