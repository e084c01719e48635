import type { Origin } from '../../config/desired.js';
import { groupBy } from '../canonical.js';
import type { OtherRule, Touched } from '../access/others.js';
import type { GrantChange } from '../types.js';
import type { CheckInput } from './check.js';
import { endpointOrigin, listed } from './wording.js';

/** @returns which rule, for people: rules have no name but their place and their text */
export function ruleName({ policy, index, rule }: OtherRule): string {
  const text = rule.description ? ` (${JSON.stringify(rule.description)})` : '';
  return `Rule ${index} of access policy ${policy}${text}`;
}

/** @returns e.g. `"Support agent" at endpoint stripe-api, "Billing agent" at endpoint stripe-api` */
export function namesOf({ grants }: Pick<Touched, 'grants'>): string {
  const byKey = groupBy(grants, ({ key }) => key);
  const texts = [...byKey].map(([key, of]) => `${listed(of.map(agentName))} at endpoint ${key}`);
  return listed(texts);
}

export function agentName({ displayName, member }: GrantChange): string {
  return displayName === undefined ? member : JSON.stringify(displayName);
}

/** @returns `{ origin }` of the first endpoint that grants are about */
export function grantsOrigin(
  grants: readonly GrantChange[],
  input: Pick<CheckInput, 'desired'>,
): { readonly origin?: Origin } {
  return endpointOrigin(
    input,
    grants.map(({ key }) => key),
  );
}

/** @returns true when this plan makes the policy count for the project, which it does not yet */
export function isToBeBound({ observed, grants }: Pick<CheckInput, 'observed' | 'grants'>): boolean {
  const adds = grants.some(({ model, action }) => model === 'V2' && action === 'create');
  return adds && observed.access?.isBound === false;
}
