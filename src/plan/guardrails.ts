import {
  DIRECTIONS,
  type ApprovedGateway,
  type Desired,
  type DesiredGuardrails,
  type Direction,
} from '../config/desired.js';
import type { CustomConstraint } from '../google/types.js';
import type { Observed, ObservedGuardrail } from '../observe/observed.js';
import { CONSTRAINT_IDS, gatewaySet, ruleOf, type Rule } from './guardrail-rule.js';
import { enforcementOf, policyName, rulesText } from './guardrail-policy.js';
import { constraintWrites, policyWrites } from './guardrail-writes.js';
import { constraintOwner, ownedConstraintText } from './guardrail-ownership.js';
import { isChange, type BindingChange, type ConstraintChange, type FieldChange, type PolicyChange } from './types.js';

/** Names of Google's "Route Agent Runtime traffic through Agent Gateway" page. */
const DISPLAY_NAMES: Readonly<Record<Direction, string>> = {
  egress: 'Restrict Reasoning Engine Egress to Approved Agent Gateways',
  ingress: 'Restrict Reasoning Engine Ingress to Approved Agent Gateways',
};

/**
 * Plans the guardrail layer: for each direction the custom constraint that approves gateways, then the policy that enforces it.
 * Nothing but these two constraints and their policies at the declared place is looked at.
 *
 * With `prune`, the policy of a direction that is no longer declared is removed where the constraint is this config's own. The
 * constraint stays: without a policy it does nothing, and the name of a deleted one can never be used again (Google's "Create
 * custom constraints" page).
 *
 * @param observed without guardrails it is as if there were none yet
 * @param bindings the planned bindings, for what has to come before and after them
 * @returns nothing where they may not be read: what is not known is not planned
 */
export function planGuardrails(
  desired: Desired,
  observed: Pick<Observed, 'guardrails' | 'unreadGuardrails'>,
  bindings: readonly BindingChange[],
): (ConstraintChange | PolicyChange)[] {
  const { guardrails } = desired;
  if (guardrails === undefined || observed.unreadGuardrails !== undefined) return [];
  const binds = bindings.some(isChange);
  return DIRECTIONS.flatMap((direction) => {
    const found = observed.guardrails?.[direction] ?? { constraint: null, policy: null };
    const approved = guardrails.approved[direction];
    if (approved === undefined) return desired.prune ? planRemoval(direction, found, desired, guardrails) : [];
    return [
      planConstraint(direction, approved, found.constraint, desired, binds),
      planPolicy(direction, found, guardrails),
    ];
  });
}

function planConstraint(
  direction: Direction,
  approved: readonly ApprovedGateway[],
  constraint: CustomConstraint | null,
  desired: Desired,
  binds: boolean,
): ConstraintChange {
  const name = constraintName(desired.guardrails, direction);
  const to = gatewaySet(approved.map((gateway) => gateway.name));
  const own = { displayName: DISPLAY_NAMES[direction], description: ownedConstraintText(desired.config, direction) };
  if (constraint === null) {
    const writes = constraintWrites(direction, undefined, to, binds);
    const base = { layer: 'guardrail', kind: 'constraint', direction, name, from: null, to, ...own } as const;
    return { ...base, action: 'create', fields: [], writes };
  }
  const rule = ruleOf(constraint, direction);
  const now = { displayName: constraint.displayName ?? '', description: constraint.description ?? '' };
  const isSameList = rule.kind === 'list' && JSON.stringify(rule.gateways) === JSON.stringify(to);
  const texts = textsAfter({
    now,
    own,
    owner: constraintOwner(constraint, desired.config, direction),
    isSameList,
    rule,
  });
  const fields = fieldChanges(now, texts);
  const changes = !isSameList || fields.length > 0;
  return {
    layer: 'guardrail',
    kind: 'constraint',
    action: changes ? 'update' : 'keep',
    direction,
    name,
    from: rule.kind === 'list' ? rule.gateways : null,
    ...(rule.kind === 'other' ? { fromRule: rule.text } : {}),
    to,
    ...texts,
    fields,
    writes: changes ? constraintWrites(direction, rule, to, binds) : [],
  };
}

type Texts = Readonly<Record<FieldChange['field'], string>>;

interface Ownership {
  readonly now: Texts;
  readonly own: Texts;
  readonly owner: ReturnType<typeof constraintOwner>;
  readonly isSameList: boolean;
  readonly rule: Rule;
}

/**
 * Whose list it is goes over to this config with the first change of it. A list that no config made keeps its texts, which say
 * the same as before; those of something else would be wrong, and where there are none there is nothing to keep.
 */
function textsAfter({ now, own, owner, isSameList, rule }: Ownership): Texts {
  if (owner === 'this') return own;
  if (isSameList) return now;
  if (owner === 'other-config' || rule.kind === 'other') return own;
  return now.description === '' ? { ...own, displayName: now.displayName || own.displayName } : now;
}

function fieldChanges(from: Texts, to: Texts): FieldChange[] {
  return (['description', 'displayName'] as const)
    .map((field) => ({ field, from: from[field], to: to[field] }))
    .filter((change) => change.from !== change.to);
}

function planPolicy(direction: Direction, { policy }: ObservedGuardrail, guardrails: DesiredGuardrails): PolicyChange {
  const from = enforcementOf(policy);
  const to = guardrails.dryRun ? 'dry-run' : 'enforced';
  return {
    layer: 'guardrail',
    kind: 'policy',
    action: policy === null ? 'create' : from === to ? 'keep' : 'update',
    direction,
    name: policyName(guardrails.enforceOn, CONSTRAINT_IDS[direction]),
    from,
    ...(from === 'other-rules' ? { fromRule: rulesText(policy) } : {}),
    to,
    writes: from === to ? [] : policyWrites(from, to),
  };
}

function planRemoval(
  direction: Direction,
  { constraint, policy }: ObservedGuardrail,
  { config }: Desired,
  { enforceOn }: DesiredGuardrails,
): PolicyChange[] {
  const from = enforcementOf(policy);
  // Other rules are none that this config ever wrote.
  if (from !== 'dry-run' && from !== 'enforced') return [];
  if (constraint === null || constraintOwner(constraint, config, direction) !== 'this') return [];
  const name = policyName(enforceOn, CONSTRAINT_IDS[direction]);
  const writes = policyWrites(from, 'off');
  return [{ layer: 'guardrail', kind: 'policy', action: 'remove', direction, name, from, to: 'off', writes }];
}

function constraintName(guardrails: DesiredGuardrails | undefined, direction: Direction): string {
  return `organizations/${guardrails?.organization ?? ''}/customConstraints/${CONSTRAINT_IDS[direction]}`;
}
