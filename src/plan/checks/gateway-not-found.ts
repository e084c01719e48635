import { DIRECTIONS } from '../../config/desired.js';
import { gatewayName } from '../bindings.js';
import type { Check } from './check.js';

export const gatewayNotFound: Check = {
  id: 'gateway-not-found',
  level: 'error',
  run: ({ desired, observed }) =>
    DIRECTIONS.flatMap((direction) => {
      const wanted = desired.gateways[direction];
      if (wanted === undefined || wanted === 'none' || observed.gateways[direction] !== null) return [];
      return [
        {
          message: `The ${direction} gateway ${gatewayName(wanted, observed)} does not exist.`,
          remedy: `Check its name, project and region, or create it first; \`gcloud network-services agent-gateways list --project=${
            wanted.project ?? observed.project.id
          } --location=${wanted.location}\` shows the ones that are there.`,
          origin: wanted.origin,
        },
      ];
    }),
};
