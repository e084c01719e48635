import type { Observed, ObservedEngine } from '../../observe/observed.js';
import type { EndpointChange } from '../types.js';
import type { Desired } from '../../config/desired.js';
import type { Check, Found } from './check.js';
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
  run: ({ desired, observed, endpoints, bindings }) => {
    const groups = new Map<string, Lacking[]>();
    for (const change of newEgress({ observed, bindings })) {
      const engine = engineOf(observed, change.engine);
      const allow = observed.selection.allow.get(change.engine) ?? [];
      // Without any endpoint its grants are kept elsewhere.
      if (!engine || allow.length === 0) continue;
      const allowed = desired.endpoints.filter(({ key }) => allow.includes(key));
      if (allowed.some(({ presets }) => presets.some(({ name }) => name === 'runtime'))) continue;
      const hosts = reachableHosts(engine, allow, endpoints, observed);
      const missing = startUpServices(observed.region).filter((service) => !hosts.some((host) => isOf(host, service)));
      if (missing.length === 0) continue;
      const group = JSON.stringify([allow, missing, change.egress.to]);
      groups.set(group, [...(groups.get(group) ?? []), { engine, allow, missing, gateway: change.egress.to ?? '' }]);
    }
    return [...groups.values()].flatMap((group) => foundFor(group, desired));
  },
};

/** An engine that would be bound without what it calls when it starts. */
interface Lacking {
  readonly engine: ObservedEngine;
  readonly allow: readonly string[];
  readonly missing: readonly string[];
  readonly gateway: string;
}

/** One finding for all engines with the same endpoints: a fleet most often has one config for many. */
function foundFor(group: readonly Lacking[], desired: Desired): Found[] {
  const [first] = group;
  if (!first) return [];
  const { allow, missing, gateway } = first;
  const many = group.length > 1;
  const engines = listed(group.map(({ engine }) => named(engine)));
  const hosts = missing.map((service) => `${service}.googleapis.com or ${service}.mtls.googleapis.com`).join(', nor ');
  return [
    {
      message: `${many ? 'Engines' : 'Engine'} ${engines} ${many ? 'are' : 'is'} to be bound to egress gateway ${gateway}, but none of the endpoints ${many ? 'they' : 'it'} may use (${listed(allow)}) has ${hosts}, which ${many ? 'they call when they start' : 'it calls when it starts'}.`,
      remedy: `Add presets: [runtime] to an endpoint that ${many ? 'these engines are' : 'this engine is'} allowed, before ${many ? 'they are' : 'it is'} bound.`,
      ...endpointOrigin({ desired }, allow),
    },
  ];
}

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
