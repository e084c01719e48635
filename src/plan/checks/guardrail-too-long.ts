import { DIRECTIONS, type ApprovedGateway, type Direction } from '../../config/desired.js';
import { conditionOf, fits, MAX_CONDITION } from '../guardrail-rule.js';
import type { Check } from './check.js';
import { listed } from './wording.js';

/**
 * A custom constraint's condition has at most 1,000 characters (orgpolicy v2 discovery document), and constraints only ever
 * add up to less that is allowed: a list cannot be split over two of them.
 */
export const guardrailTooLong: Check = {
  id: 'guardrail-too-long',
  level: 'error',
  run: ({ desired }) =>
    DIRECTIONS.flatMap((direction) => {
      const approved = desired.guardrails?.approved[direction] ?? [];
      const names = approved.map(({ name }) => name);
      if (fits(direction, names)) return [];
      const shortestFirst = [...approved].sort((a, b) => a.name.length - b.name.length);
      const room = howManyFit(direction, shortestFirst);
      const longest = shortestFirst.slice(-3).reverse();
      const origin = shortestFirst.at(-1)?.origin;
      const { length } = conditionOf(direction, names);
      return [
        {
          message: `The condition that approves ${names.length} ${direction} gateways has ${length} characters, ${length - MAX_CONDITION} more than the ${MAX_CONDITION} that a custom constraint takes: at most ${room} of these gateways fit.`,
          remedy: `Shorten project IDs or names of gateways (each costs its length and 4 characters; the longest are ${listed(longest.map(({ name }) => name))}), or approve fewer gateways.`,
          ...(origin ? { origin } : {}),
        },
      ];
    }),
};

/** @param gateways shortest first, so that as many as possible are tried */
function howManyFit(direction: Direction, gateways: readonly ApprovedGateway[]): number {
  const names = gateways.map(({ name }) => name);
  let count = names.length;
  while (count > 0 && !fits(direction, names.slice(0, count))) count -= 1;
  return count;
}
