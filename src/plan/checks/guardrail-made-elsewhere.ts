import { constraintOwner } from '../guardrail-ownership.js';
import type { ConstraintChange, PolicyChange } from '../types.js';
import type { Check, CheckInput, Found } from './check.js';

const REMEDY =
  'Put it right there, or, to replace it by what this config says, set the level of this check to warning for one apply.';

/** Longest rules that are quoted; a condition has at most 1,000 characters. */
const MAX_RULES = 1_200;

/**
 * What somebody else wrote under these names and that says something else than a list, or than on or off, is not replaced
 * unasked: an exception for resources with a tag, say, would be lost. A list that was made by hand is a list like any other,
 * which the plan shows line by line; that others keep it too is worth a note.
 */
export const guardrailMadeElsewhere: Check = {
  id: 'guardrail-made-elsewhere',
  level: 'error',
  run: (input) => {
    const origin = input.desired.guardrails?.origin;
    return input.guardrails
      .flatMap((change) => (change.kind === 'constraint' ? constraintFound(change, input) : policyFound(change)))
      .map((found) => (origin ? { ...found, origin } : found));
  },
};

function constraintFound(change: ConstraintChange, { desired, observed }: CheckInput): Found[] {
  const constraint = observed.guardrails?.[change.direction]?.constraint;
  if (change.action !== 'update' || !constraint) return [];
  if (constraintOwner(constraint, desired.config, change.direction) !== 'unmarked') return [];
  const { name, direction, fromRule } = change;
  if (fromRule !== undefined) {
    return [
      {
        message: `The custom constraint ${name} was not made by this config and is no list of approved ${direction} gateways; an apply would replace what it says: ${fromRule}.`,
        remedy: REMEDY,
      },
    ];
  }
  return [
    {
      message: `The list of approved ${direction} gateways (${name}) was not made by this config, which changes it all the same and ${change.fields.length > 0 ? 'puts its mark on it' : 'keeps its name and description'}.`,
      remedy:
        'Make sure that nobody else keeps the list, with Terraform for example: each would undo what the other does.',
      isNote: true,
    },
  ];
}

function policyFound({ name, fromRule }: PolicyChange): Found[] {
  if (fromRule === undefined) return [];
  const text = fromRule.length > MAX_RULES ? `${fromRule.slice(0, MAX_RULES)}…` : fromRule;
  return [
    {
      message: `The policy ${name} has rules that this config does not write; an apply would replace them: ${text}.`,
      remedy: REMEDY,
    },
  ];
}
