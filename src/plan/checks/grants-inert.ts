import { egressWhereIap } from '../enforcement.js';
import type { Check } from './check.js';

/**
 * With policy version V2, IAP decides by access policies and never looks at `roles/iap.egressor` (extension metadata of
 * Google's "Set up Agent Gateway" page; without a version it is V1).
 */
export const grantsInert: Check = {
  id: 'grants-inert',
  level: 'error',
  run: (input) => {
    if (input.grants.length === 0) return [];
    const found = egressWhereIap(input, ({ metadata }) => metadata?.iapPolicyVersion === 'V2');
    if (!found) return [];
    const services = new Set(input.grants.map(({ service }) => service)).size;
    return [
      {
        message: `The grants on ${services} ${services === 1 ? 'service' : 'services'} have no effect at gateway ${found.gateway}: its IAP extension ${found.names} has iapPolicyVersion V2 and decides by access policies.`,
        remedy:
          'Set metadata.iapPolicyVersion of the extension to V1, or take allow out of the config and manage access with access policies.',
        origin: found.origin,
      },
    ];
  },
};
