import { DIRECTIONS } from '../../config/desired.js';
import { gatewayName } from '../bindings.js';
import type { Check } from './check.js';

/** A gateway serves its own region only (Google's page on routing Agent Runtime traffic through Agent Gateway). */
export const gatewayOtherRegion: Check = {
  id: 'gateway-other-region',
  level: 'error',
  run: ({ desired, observed }) =>
    DIRECTIONS.flatMap((direction) => {
      const wanted = desired.gateways[direction];
      if (wanted === undefined || wanted === 'none' || wanted.location === observed.region) return [];
      return [
        {
          message: `Gateway ${gatewayName(wanted, observed)} cannot be the ${direction} gateway: it is in ${wanted.location}, and the engines are in ${observed.region}.`,
          remedy: `Name a gateway in ${observed.region}.`,
          origin: wanted.origin,
        },
      ];
    }),
};
