import { canonicalServiceName } from '../serving.js';
import { EGRESSOR } from '../grants.js';
import type { Check } from './check.js';
import { egressors, isStale, memberName } from './members.js';
import { byService, endpointOrigin, listed } from './wording.js';

/**
 * A policy on an endpoint replaces the registry-wide one for that endpoint, instead of adding to it ("Troubleshoot Agent
 * Gateway" page): the first grant there cuts off everybody who came in registry-wide and is not granted by the same plan.
 */
export const registryWideShadowed: Check = {
  id: 'registry-wide-shadowed',
  level: 'warning',
  run: ({ desired, observed, endpoints, grants }) => {
    const registryWide = egressors(observed.registryPolicy).filter(
      (member) => !member.startsWith('deleted:') && !isStale(member, observed),
    );
    if (registryWide.length === 0) return [];
    const existing = new Set(observed.services.map(({ name }) => canonicalServiceName(name, observed.registryProject)));
    return [...byService(endpoints)].flatMap(([service, changes]) => {
      // Nobody ever reached a service that the plan only creates.
      if (!existing.has(service)) return [];
      const policies = changes.flatMap(({ registryResource = '' }) => observed.policies.get(registryResource) ?? []);
      if (policies.some((policy) => egressors(policy).length > 0)) return [];
      const granted = grants.filter((grant) => grant.service === service && grant.role === EGRESSOR);
      const loses = registryWide.filter((member) => !granted.some((grant) => grant.member === member));
      if (!granted.some(({ action }) => action === 'create') || loses.length === 0) return [];
      const keys = [...new Set(changes.map(({ key }) => key))];
      return [
        {
          message: `The first grant on service ${service} replaces the registry-wide policy there, so ${listed(
            loses.map((member) => memberName(member, observed)).sort(),
          )} would lose access to it.`,
          remedy: `Set carry_over: true for endpoint ${keys.join(', ')} to copy them into its own policy, or allow them the endpoint by name.`,
          ...endpointOrigin({ desired }, keys),
        },
      ];
    });
  },
};
