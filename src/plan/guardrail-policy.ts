import type { EnforcementNode } from '../config/desired.js';
import type { OrganizationPolicy, OrganizationPolicySpec } from '../google/types.js';
import { canonical } from './canonical.js';
import type { Enforcement } from './types.js';

/** @returns the name of a constraint's policy on a node */
export function policyName({ kind, id }: EnforcementNode, constraintId: string): string {
  return `${kind}/${id}/policies/${constraintId}`;
}

/**
 * What a policy does with its constraint. A trial of the very rule that is in force changes nothing, and what is switched off
 * refuses nothing, like what is not set. Anything that says more than on or off, such as a rule for resources with a tag, was
 * written by somebody else.
 */
export function enforcementOf(policy: OrganizationPolicy | null | undefined): Enforcement {
  const [spec, dryRun] = [specOf(policy?.spec), specOf(policy?.dryRunSpec)];
  if (spec === 'on' && (dryRun === 'none' || dryRun === 'on')) return 'enforced';
  if ([spec, dryRun].includes('other') || spec === 'on') return 'other-rules';
  return dryRun === 'on' ? 'dry-run' : 'off';
}

/** `reset` is back to the default, which is off for custom constraints (`PolicySpec.reset`, orgpolicy v2 discovery document). */
function specOf(spec: OrganizationPolicySpec | null | undefined): 'none' | 'on' | 'off' | 'other' {
  if (!spec) return 'none';
  const rules = spec.rules ?? [];
  const [rule, ...more] = rules;
  if (spec.reset === true) return rules.length === 0 ? 'off' : 'other';
  if (spec.inheritFromParent === true || rule === undefined || more.length > 0) return 'other';
  const says = Object.entries(rule).filter(([key, value]) => key !== 'enforce' && value !== false);
  if (says.length > 0 || typeof rule.enforce !== 'boolean') return 'other';
  return rule.enforce ? 'on' : 'off';
}

/** @returns both specs of a policy as JSON in one line, for people and for comparing; etags and times say nothing of it */
export function rulesText(policy: OrganizationPolicy | null | undefined): string {
  return (['spec', 'dryRunSpec'] as const)
    .flatMap((field) => {
      const spec = policy?.[field];
      if (!spec) return [];
      const { rules, inheritFromParent, reset } = spec;
      return [`${field} ${JSON.stringify(canonical({ rules, inheritFromParent, reset }))}`];
    })
    .join(', ');
}
