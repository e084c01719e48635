import { egressEnforcement } from '../enforcement.js';
import type { Check } from './check.js';

/**
 * An IAP extension does nothing until a policy of the gateway names it; without one the gateway denies before IAP is
 * asked, or enforces nothing (Google's "Set up Agent Gateway" page and the known issues in its
 * agent-platform-troubleshooting skill).
 */
export const gatewayWithoutPolicy: Check = {
  id: 'gateway-without-policy',
  level: 'warning',
  run: ({ desired, observed }) => {
    const found = egressEnforcement(desired, observed);
    if (!found || found.iap.length > 0) return [];
    return [
      {
        message: `No authorization policy of gateway ${found.gateway} asks IAP, so grants decide nothing there: everything is denied, or nothing is.`,
        remedy:
          'Create an authorization policy that targets the gateway, with policyProfile REQUEST_AUTHZ, action CUSTOM and an authorization extension whose service is iap.googleapis.com.',
        origin: found.origin,
      },
    ];
  },
};
