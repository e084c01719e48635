import type { Check } from './check.js';
import { egressors, isStale } from './members.js';
import { byService, endpointOrigin, listed } from './wording.js';

/**
 * An engine that is deleted and made anew has a new ID and with it a new principal (google/skills, policies.md 4g); the grant
 * of the old one stays behind.
 */
export const staleMembers: Check = {
  id: 'stale-members',
  level: 'warning',
  run: ({ desired, observed, endpoints }) =>
    [...byService(endpoints)].flatMap(([service, changes]) => {
      const policies = changes.flatMap(({ registryResource = '' }) => observed.policies.get(registryResource) ?? []);
      const stale = [...new Set(policies.flatMap(egressors))].filter((member) => isStale(member, observed)).sort();
      if (stale.length === 0) return [];
      return [
        {
          message: `The policy of service ${service} still grants ${stale.length === 1 ? 'an engine that is' : `${stale.length} engines that are`} gone: ${listed(stale)}.`,
          remedy:
            'Remove them: `gcloud iap web remove-iam-policy-binding --resource-type=agent-registry --endpoint=ENDPOINT_ID --region=REGION --member=MEMBER --role=roles/iap.egressor`.',
          ...endpointOrigin(
            { desired },
            changes.map(({ key }) => key),
          ),
        },
      ];
    }),
};
