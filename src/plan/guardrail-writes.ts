import type { Direction } from '../config/desired.js';
import { fits, gatewaySet, type Rule } from './guardrail-rule.js';
import type { ConstraintWrite, Enforcement, GuardrailWrite } from './types.js';

/**
 * When a list is written. A gateway that is new has to be approved before an engine is bound to it; one that goes may still be
 * what an engine is bound to whose own turn has not come, and which could then not be deployed any more.
 *
 * @param rule what the constraint says now; undefined where there is none
 * @param binds whether the plan changes any binding; if not, there is nothing to be before or after
 */
export function constraintWrites(
  direction: Direction,
  rule: Rule | undefined,
  to: readonly string[],
  binds: boolean,
): ConstraintWrite[] {
  if (rule === undefined)
    return [{ when: 'after-bindings', gateways: to, why: 'it is new, and nothing is enforced before' }];
  if (rule.kind === 'other') {
    // After the bindings it would be too late: what is there now may forbid them, and every later run would fail the same way.
    const why = 'what it says now is no list, and may forbid what this plan binds';
    return [{ when: 'before-bindings', gateways: to, why }];
  }
  const added = to.filter((name) => !rule.gateways.includes(name));
  const removed = rule.gateways.filter((name) => !to.includes(name));
  if (removed.length === 0) {
    const why = added.length === 0 ? 'it approves what it did before' : 'it only adds, so it loosens';
    return [{ when: 'before-bindings', gateways: to, why }];
  }
  const last: ConstraintWrite = { when: 'after-bindings', gateways: to, why: 'it takes gateways away, so it tightens' };
  if (added.length === 0 || !binds) return [last];
  const both = gatewaySet([...rule.gateways, ...to]);
  if (!fits(direction, both)) {
    const why = 'it adds and takes away, and both lists together are too long for a step in between';
    return [{ when: 'before-bindings', gateways: to, why }];
  }
  return [
    { when: 'before-bindings', gateways: both, why: 'new gateways are approved first, beside the old ones' },
    last,
  ];
}

/** When a policy is written: one that ends up refusing comes last. */
export function policyWrites(from: Enforcement, to: Enforcement): GuardrailWrite[] {
  if (to === 'enforced') return [{ when: 'after-bindings', why: 'it is enforced from then on, so it tightens' }];
  if (from === 'off') return [{ when: 'after-bindings', why: 'it needs its constraint, and only logs' }];
  return [{ when: 'before-bindings', why: 'it refuses nothing from then on, so it loosens' }];
}
