import type { Desired } from '../../config/desired.js';
import type { AccessRule } from '../../google/types.js';
import type { Observed } from '../../observe/observed.js';
import { groupBy } from '../canonical.js';
import type { EndpointChange, GrantChange } from '../types.js';
import { destinationsOf, ownMark, ruleScope } from './grants.js';
import { CARRIED, type Mark } from './marks.js';
import type { Destination } from './matches.js';
import { editRules, rulesOf, type RuleEdit } from './rules.js';

/** None of these is documented for access policies; the first is that of sibling policies, the second a guess (see docs). */
export const RULE_LIMIT = 500;
export const BYTE_LIMIT = 65_536;

/** What rules of this config are made of. */
export interface RuleWorld {
  readonly observed: Pick<Observed, 'project' | 'region'>;
  /** The desired-state file whose rules are written. */
  readonly config: string | undefined;
}

/**
 * What is to be written about one service: the members that the config declares, and those who came from another policy, who have a
 * rule of their own: no config declares them, and none is to take them out.
 *
 * @param grants planned for the service, by rules
 */
export function additionsTo(
  service: string,
  grants: readonly GrantChange[],
  destination: Destination,
  { observed, config }: RuleWorld,
): RuleEdit[] {
  const kept = grants.filter(({ action }) => action !== 'remove');
  const edit = (mark: Mark, of: readonly GrantChange[]): RuleEdit[] => {
    const want = of.map(({ member }) => member);
    return of.some(({ action }) => action === 'create')
      ? [{ mark, service, destination, want, remove: [], config }]
      : [];
  };
  const mark = ownMark(service, { config }, ruleScope(observed));
  return [
    ...edit(
      mark,
      kept.filter(({ engine }) => engine !== undefined),
    ),
    ...edit(
      { ...mark, owner: CARRIED },
      kept.filter(({ engine }) => engine === undefined),
    ),
  ];
}

/** @returns the rules that the access policy will have, as far as a plan adds to them */
export function plannedRules(
  { config }: Pick<Desired, 'config'>,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  grants: readonly GrantChange[],
): readonly AccessRule[] {
  const destinations = destinationsOf(endpoints, observed);
  const byService = groupBy(
    grants.filter(({ model }) => model === 'V2'),
    ({ service }) => service,
  );
  const edits = [...byService].flatMap(([service, of]) => {
    const destination = destinations.get(service);
    return destination ? additionsTo(service, of, destination, { observed, config }) : [];
  });
  return editRules(rulesOf(observed.access?.policy), edits);
}

/** @returns the size of a policy with these rules, in bytes of JSON */
export function bytesOf(rules: readonly AccessRule[]): number {
  return new TextEncoder().encode(JSON.stringify({ details: { rules } })).length;
}
