import { addedGateways, ENFORCEMENT_WORDS, removedGateways } from '../plan/guardrail-text.js';
import {
  guardrailChanges,
  isChange,
  type ConstraintChange,
  type Enforcement,
  type Plan,
  type PolicyChange,
} from '../plan/types.js';
import { plural } from '../plural.js';
import type { Difference } from './drift.js';
import { nodeLabel } from './words.js';

/** What engines may do while a policy is in this state. */
const MEANINGS: Readonly<Record<Enforcement, string>> = {
  off: 'Engines can be bound to any gateway, or to none.',
  'dry-run': 'An engine without an approved gateway is only logged, not refused.',
  enforced: 'Creating or changing an engine without an approved gateway is refused.',
  'other-rules': 'What is refused is what those rules say, not what this config says.',
};

/** @returns the differences of constraints and policies; a list of gateways that is both too short and too long has two */
export function guardrailDifferences(plan: Plan): Difference[] {
  return guardrailChanges(plan)
    .filter(isChange)
    .flatMap((change) => (change.kind === 'constraint' ? constraintDifferences(change) : [policyDifference(change)]));
}

function policyDifference({ direction, name, from, to }: PolicyChange): Difference {
  const declared = to === 'off' ? ', and none is declared' : ` instead of ${ENFORCEMENT_WORDS[to]}`;
  return {
    what: `The ${direction} policy on ${nodeLabel(name)}: ${ENFORCEMENT_WORDS[from]}${declared}`,
    meaning: MEANINGS[from],
    details: [],
  };
}

function constraintDifferences(change: ConstraintChange): Difference[] {
  const { direction, fromRule, from, fields } = change;
  const list = `list of approved ${direction} gateways`;
  if (fromRule !== undefined) {
    const meaning = 'Which gateways engines may be bound to is decided by that rule.';
    return [{ what: `The ${list} is another rule`, meaning, details: [JSON.stringify(fromRule)] }];
  }
  if (from === null) {
    const meaning = 'No policy can restrict engines to approved gateways.';
    return [{ what: `There is no ${list}`, meaning, details: change.to }];
  }
  const lacking = gatewaysDifference(
    `The ${list} lacks`,
    addedGateways(change),
    'Where the policy is enforced, no engine can be bound to it.',
  );
  const extra = gatewaysDifference(
    `The ${list} has, undeclared,`,
    removedGateways(change),
    'Engines can be bound to it although it is not approved.',
  );
  const texts = fields.map(({ field, from: now }) => ({
    what: `The ${field === 'displayName' ? 'display name' : field} of the ${list} was changed`,
    meaning: 'What is refused stays the same.',
    details: [JSON.stringify(now)],
  }));
  return [...lacking, ...extra, ...texts];
}

function gatewaysDifference(what: string, gateways: readonly string[], meaning: string): Difference[] {
  const [only, ...others] = gateways;
  if (only === undefined) return [];
  const named = others.length === 0 ? only : plural(gateways.length, 'gateway');
  return [{ what: `${what} ${named}`, meaning, details: others.length === 0 ? [] : gateways }];
}
