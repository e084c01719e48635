import { DIRECTIONS } from '../../config/desired.js';
import { gatewayEquals } from '../../google/names.js';
import { canonicalGateway, gatewayIn, gatewayName, projectsOf } from '../bindings.js';
import { sortBy } from '../canonical.js';
import { directionOf } from '../types.js';
import type { Check } from './check.js';

const NAMED = 5;

/**
 * Several gateways may exist, but the bound engines of a project and region share one per direction: a second one fails
 * after minutes with code 13 or "Internal error encountered" (known issues in Google's agent-platform-troubleshooting
 * skill). Engines of this run that are bound elsewhere are in each other's way.
 */
export const gatewayConflict: Check = {
  id: 'gateway-conflict',
  level: 'error',
  run: ({ desired, observed, bindings }) =>
    DIRECTIONS.flatMap((direction) => {
      const wanted = desired.gateways[direction];
      if (wanted === undefined || wanted === 'none') return [];
      // Engines that are bound already were let in: nothing is asked of the platform for them.
      const asked = bindings.filter(
        (change) => directionOf(change, direction).from !== directionOf(change, direction).to,
      );
      const gateway = gatewayName(wanted, observed);
      const projects = projectsOf(observed);
      // A selected engine is in the way of the others, too, as long as it has not moved itself.
      const inTheWay = [...observed.siblings, ...observed.engines].filter(({ name }) =>
        asked.some(({ engine }) => engine !== name),
      );
      const elsewhere = inTheWay.flatMap(({ name, id, displayName, config }) => {
        const bound = gatewayIn(config, direction);
        if (bound === null || gatewayEquals(bound, gateway, projects)) return [];
        return [{ name, label: displayName || id, bound: canonicalGateway(bound, projects) }];
      });
      if (elsewhere.length === 0) return [];
      const sorted = sortBy(
        elsewhere,
        ({ label }) => label,
        ({ name }) => name,
      );
      const named = sorted.slice(0, NAMED).map(({ label, bound }) => `${JSON.stringify(label)} (${bound})`);
      const more = sorted.length > NAMED ? ` and ${sorted.length - NAMED} more` : '';
      return [
        {
          message: `Gateway ${gateway} cannot be the ${direction} gateway: all bound engines of project ${observed.project.id} in ${observed.region} share one gateway per direction, and these are bound to another one: ${named.join(', ')}${more}.`,
          remedy: `Declare the gateway they are bound to, or unbind all of them first (${direction}_gateway: none) and bind all of them then.`,
          origin: wanted.origin,
        },
      ];
    }),
};
