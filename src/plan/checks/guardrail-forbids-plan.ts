import { leaves } from '../moves.js';
import { directionOf, isChange, type BindingChange } from '../types.js';
import type { Check, CheckInput, Found } from './check.js';
import { guardedDirections, type Guarded } from './guardrail-world.js';
import { listed, named } from './wording.js';

/**
 * A constraint looks at the whole engine as it would be, on every create and update (Google's "Create custom constraints" page):
 * a binding that this very config refuses would be refused, and so would any other change of an engine without an approved
 * gateway. In dry run that is only logged.
 */
export const guardrailForbidsPlan: Check = {
  id: 'guardrail-forbids-plan',
  level: 'error',
  run: (input) =>
    guardedDirections(input).flatMap((guarded) => {
      const isNote = guarded.guardrails.dryRun;
      return forbidden(guarded, input).map((found) => ({ ...found, ...(isNote ? { isNote } : {}) }));
    }),
};

function forbidden(guarded: Guarded, { desired, bindings }: CheckInput): Found[] {
  const { direction, isApproved, guardrails, policy } = guarded;
  const gateway = desired.gateways[direction];
  const origin = gateway === undefined || gateway === 'none' ? guardrails.origin : gateway.origin;
  const bad = bindings.filter((change) => !isApproved(directionOf(change, direction).to));
  const declared = bad.filter((change) => directionOf(change, direction).declared);
  const inTheWay = bad.filter(
    (change) => isChange(change) && !declared.includes(change) && policy?.from === 'enforced',
  );
  const targets = [...new Set(declared.map((change) => directionOf(change, direction).to))];
  return [
    ...targets.map((to) => {
      const engines = declared.filter((change) => directionOf(change, direction).to === to);
      return { ...(to === null ? without(guarded, engines) : notApproved(guarded, to, engines)), origin };
    }),
    ...(inTheWay.length === 0 ? [] : [{ ...refusedAnyway(guarded, inTheWay), origin: guardrails.origin }]),
    ...forbiddenMove(guarded, bindings),
  ];
}

/** In the middle of a move engines have no gateway at all, and a policy that stays enforced refuses that. */
function forbiddenMove({ direction, node, policy, guardrails }: Guarded, bindings: readonly BindingChange[]): Found[] {
  const leaving = bindings.filter((change) => leaves(change).includes(direction));
  const [first] = leaving;
  if (!first || policy?.from !== 'enforced' || policy.to !== 'enforced') return [];
  return [
    {
      message: `The policy on ${node} refuses to unbind engines from their ${direction} gateway, which a move to gateway ${directionOf(first, direction).to ?? ''} begins with: ${names(leaving)}.`,
      remedy:
        'Set guardrails.dry_run: true for this one apply: the policy is loosened first, and the engines are unbound once that counts. Take it out again afterwards.',
      origin: guardrails.origin,
    },
  ];
}

function notApproved(guarded: Guarded, gateway: string, engines: readonly BindingChange[]): Found {
  const { direction, node, approved } = guarded;
  return {
    message: `This config binds engines to ${direction} gateway ${gateway}, which its own guardrails on ${node} do not approve: ${names(engines)}.`,
    remedy: `Approve the gateway under guardrails.${direction}, or bind to one that is approved (${listed(approved.map(({ name }) => name))}).${elsewhere(guarded)}`,
  };
}

function without(guarded: Guarded, engines: readonly BindingChange[]): Found {
  const { direction, node } = guarded;
  return {
    message: `This config leaves engines without an ${direction} gateway, and its own guardrails on ${node} refuse that: ${names(engines)}.`,
    remedy: `Name an approved ${direction} gateway instead of none, or set dry_run: true under guardrails until the engines may be unbound.${elsewhere(guarded)}`,
  };
}

function refusedAnyway({ direction, node }: Guarded, engines: readonly BindingChange[]): Found {
  return {
    message: `The policy on ${node} refuses every change of an engine without an approved ${direction} gateway, and this plan changes such engines: ${names(engines)}.`,
    remedy: `Declare an approved ${direction} gateway for them, too.`,
  };
}

/** Whether the project is below a folder or in an organization is not asked, see `guardedDirections`. */
function elsewhere({ guardrails, node }: Guarded): string {
  return guardrails.enforceOn.kind === 'projects'
    ? ''
    : ` Where this project is not below ${node}, keep the guardrails in a file of their own.`;
}

function names(changes: readonly BindingChange[]): string {
  return listed(changes.map(({ engine, displayName }) => named({ name: engine, displayName })));
}
