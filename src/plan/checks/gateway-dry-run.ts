import { egressWhereIap } from '../enforcement.js';
import type { Check } from './check.js';

/** In dry run, denials are logged and traffic passes (extension metadata of Google's "Set up Agent Gateway" page). */
export const gatewayDryRun: Check = {
  id: 'gateway-dry-run',
  level: 'warning',
  run: (input) => {
    const found = egressWhereIap(input, ({ metadata }) => metadata?.iamEnforcementMode === 'DRY_RUN');
    if (!found) return [];
    return [
      {
        message: `Gateway ${found.gateway} only logs what it would deny: its IAP extension ${found.names} has iamEnforcementMode DRY_RUN.`,
        remedy:
          'Once the log shows no denial that should pass, take metadata.iamEnforcementMode out of the extension to enforce.',
        origin: found.origin,
      },
    ];
  },
};
