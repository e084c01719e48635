import type { ConstraintChange, Enforcement, GuardrailChange } from './types.js';

/** What a policy does, for people. */
export const ENFORCEMENT_WORDS: Readonly<Record<Enforcement, string>> = {
  off: 'not enforced',
  'dry-run': 'dry run',
  enforced: 'enforced',
  'other-rules': 'rules of somebody else',
};

/** @returns gateways that are approved after the change and were not before; all of them where there was no list */
export function addedGateways({ from, to }: ConstraintChange): string[] {
  return to.filter((name) => !(from ?? []).includes(name));
}

/** @returns gateways that are approved now and no longer after the change */
export function removedGateways({ from, to }: ConstraintChange): string[] {
  return (from ?? []).filter((name) => !to.includes(name));
}

/** @returns one line that says all that is changed, so that two plans can be told apart by it */
export function guardrailText(change: GuardrailChange): string {
  if (change.kind === 'policy') {
    const [from, to] = [ENFORCEMENT_WORDS[change.from], ENFORCEMENT_WORDS[change.to]];
    const rules = change.fromRule === undefined ? '' : `, instead of ${change.fromRule}`;
    return from === to ? to : `${from} -> ${to}${rules}`;
  }
  const rule = change.fromRule === undefined ? [] : [`instead of ${change.fromRule}`];
  const approved = [
    ...addedGateways(change).map((name) => `+ ${name}`),
    ...removedGateways(change).map((name) => `- ${name}`),
  ];
  const fields = change.fields.map(
    ({ field, from, to }) => `${field} ${JSON.stringify(from)} -> ${JSON.stringify(to)}`,
  );
  return [...rule, ...approved, ...fields].join(', ') || `approved: ${change.to.join(', ')}`;
}
