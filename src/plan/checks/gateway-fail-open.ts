import { egressWhereIap } from '../enforcement.js';
import type { Check } from './check.js';

/** `failOpen` of an extension (networkservices v1 schema): what happens when the service cannot be asked. */
export const gatewayFailOpen: Check = {
  id: 'gateway-fail-open',
  level: 'warning',
  run: (input) => {
    const found = egressWhereIap(input, ({ failOpen }) => failOpen === true);
    if (!found) return [];
    return [
      {
        message: `Gateway ${found.gateway} lets every request pass when IAP does not answer: its IAP extension ${found.names} has failOpen true.`,
        remedy: 'Set failOpen of the extension to false.',
        origin: found.origin,
      },
    ];
  },
};
