import { DIRECTIONS, type Direction } from '../../config/desired.js';
import { gatewayName } from '../bindings.js';
import type { Check } from './check.js';

/** `googleManaged.governedAccessPath` of a gateway for each direction (networkservices v1 schema). */
const ACCESS_PATH: Record<Direction, string> = { egress: 'AGENT_TO_ANYWHERE', ingress: 'CLIENT_TO_AGENT' };

/** A gateway governs one direction only; the engine's operation fails minutes later when it is named for the other. */
export const gatewayWrongDirection: Check = {
  id: 'gateway-wrong-direction',
  level: 'error',
  run: ({ desired, observed }) =>
    DIRECTIONS.flatMap((direction) => {
      const wanted = desired.gateways[direction];
      const gateway = observed.gateways[direction];
      if (wanted === undefined || wanted === 'none' || !gateway) return [];
      const path = gateway.googleManaged?.governedAccessPath;
      if (path === ACCESS_PATH[direction]) return [];
      const is = path === undefined ? 'is not managed by Google' : `governs ${path}`;
      return [
        {
          message: `Gateway ${gatewayName(wanted, observed)} cannot be the ${direction} gateway: it ${is}, and ${direction} needs a Google-managed gateway with ${ACCESS_PATH[direction]}.`,
          remedy: `Name a gateway whose googleManaged.governedAccessPath is ${ACCESS_PATH[direction]}.`,
          origin: wanted.origin,
        },
      ];
    }),
};
