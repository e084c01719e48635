import { touchedBy } from '../access/others.js';
import type { GrantChange } from '../types.js';
import type { Check, CheckInput, Found } from './check.js';
import { grantsOrigin, namesOf, ruleName } from './access-wording.js';

/**
 * Another rule allows already what the plan grants, or still what it takes away. The rule of this config is written all the same: the
 * other one belongs to others, and may be gone tomorrow without anybody here being asked.
 */
export const accessAllowedOtherwise: Check = {
  id: 'access-allowed-otherwise',
  level: 'warning',
  run: (input) => [...granted(input), ...(input.desired.prune ? takenAway(input) : [])],
};

function granted(input: CheckInput): Found[] {
  const grants = input.grants.filter(({ action }) => action === 'create');
  return foundFor(grants, input, (name, whom) => ({
    message: `${name} allows ${whom} already.`,
    remedy: 'Nothing has to be done: the rule of this config is written too, so that nobody else can take this away.',
    isNote: true,
  }));
}

function takenAway(input: CheckInput): Found[] {
  return foundFor(input.pruning.rules, input, (name, whom) => ({
    message: `${name} still allows ${whom}, whom this plan takes out of the rule of this config alone.`,
    remedy: 'If they are to lose access, take them out of that rule by hand, or ask whoever made it.',
  }));
}

function foundFor(
  grants: readonly GrantChange[],
  input: CheckInput,
  say: (name: string, whom: string) => Omit<Found, 'origin'>,
): Found[] {
  return touchedBy('ALLOW', { ...input, grants })
    .filter(({ isUnclear }) => !isUnclear)
    .map((touched) => ({ ...say(ruleName(touched), namesOf(touched)), ...grantsOrigin(touched.grants, input) }));
}
