import { touchedBy } from '../access/others.js';
import type { Check } from './check.js';
import { grantsOrigin, namesOf, ruleName } from './access-wording.js';

/**
 * Somebody else's rule allows already what the plan grants. The rule of this config is written all the same: the other one belongs to
 * others, and may be gone tomorrow without anybody here being asked.
 */
export const accessAllowedOtherwise: Check = {
  id: 'access-allowed-otherwise',
  level: 'warning',
  run: (input) => {
    const grants = input.grants.filter(({ action }) => action === 'create');
    return touchedBy('ALLOW', { ...input, grants })
      .filter(({ isUnclear }) => !isUnclear)
      .map((touched) => ({
        message: `${ruleName(touched)} allows ${namesOf(touched)} already.`,
        remedy:
          'Nothing has to be done: the rule of this config is written too, so that nobody else can take this away.',
        isNote: true,
        ...grantsOrigin(touched.grants, input),
      }));
  },
};
