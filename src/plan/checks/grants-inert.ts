import { egressEnforcement } from '../enforcement.js';
import { policyVersionOf } from '../grant-model.js';
import type { Check } from './check.js';

/**
 * A gateway ignores policies of another model than the one its IAP extension names (Google's "Set up Agent Gateway" page). V1 and V2
 * are written; for a version that came after this one, grants would look right and do nothing.
 */
export const grantsInert: Check = {
  id: 'grants-inert',
  level: 'error',
  run: ({ desired, observed, grants }) => {
    const found = egressEnforcement(desired, observed);
    const unknown = (found?.iap ?? []).filter((extension) => policyVersionOf(extension) === 'unknown');
    if (grants.length === 0 || !found || unknown.length === 0) return [];
    const services = new Set(grants.map(({ service }) => service)).size;
    const names = unknown.map(({ name, metadata }) => `${name} (${JSON.stringify(metadata?.iapPolicyVersion)})`).sort();
    return [
      {
        message: `The grants on ${services} ${services === 1 ? 'service' : 'services'} have no effect at gateway ${found.gateway}: it decides by policies of a version that this version of the action does not know, as its IAP extension says: ${names.join(', ')}.`,
        remedy: 'Take a newer version of the action, or set metadata.iapPolicyVersion of the extension to V1 or V2.',
        origin: found.origin,
      },
    ];
  },
};
