import { touchedBy, type Touched } from '../access/others.js';
import type { Check, CheckInput, Found } from './check.js';
import { grantsOrigin, namesOf, ruleName } from './access-wording.js';

/**
 * A rule that denies is final, whatever any rule allows at any level ("IAM overview" page of Agent Gateway). Only rules that surely
 * mean a declared agent and endpoint; of those that nobody can be sure of there is another check.
 */
export const accessDeniedByRule: Check = {
  id: 'access-denied-by-rule',
  level: 'error',
  run: (input) =>
    touchedBy('DENY', input)
      .filter(({ isUnclear }) => !isUnclear)
      .map((touched) => deniedBy(touched, input)),
};

/** Conditions that cannot be evaluated here, and names of which nobody knows whether a gateway takes them. */
export const accessRuleUnclear: Check = {
  id: 'access-rule-unclear',
  level: 'warning',
  run: (input) =>
    touchedBy('DENY', input)
      .filter(({ isUnclear }) => isUnclear)
      .map((touched) => ({
        message: `${ruleName(touched)} may deny ${namesOf(touched)}: what it is about cannot be told for sure from its members and condition.`,
        remedy: 'Read the rule, and ask whoever made it. If it does not mean these agents, nothing has to be done.',
        ...grantsOrigin(touched.grants, input),
      })),
};

function deniedBy(touched: Touched, input: CheckInput): Found {
  // Rules that are only prepared deny nothing yet, and must not hold up what counts now.
  const decides = input.model.decides.includes('V2');
  const when = decides ? '' : ', once the gateway decides by access policies';
  return {
    message: `${ruleName(touched)} denies ${namesOf(touched)}. Denials win over everything that is allowed, so these grants would do nothing${when}.`,
    remedy: 'Ask whoever made the rule to leave these agents out of it, or take the endpoints out of allow.',
    isNote: !decides,
    ...grantsOrigin(touched.grants, input),
  };
}
