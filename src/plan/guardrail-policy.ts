import type { EnforcementNode } from '../config/desired.js';
import type { OrganizationPolicy, OrganizationPolicySpec } from '../google/types.js';
import type { Enforcement } from './types.js';

/** @returns the name of a constraint's policy on a node */
export function policyName({ kind, id }: EnforcementNode, constraintId: string): string {
  return `${kind}/${id}/policies/${constraintId}`;
}

/**
 * What a policy does with its constraint. A trial of the very rule that is in force changes nothing; anything that says more
 * than on, such as a rule for resources with a tag, was written by somebody else.
 */
export function enforcementOf(policy: OrganizationPolicy | null | undefined): Enforcement {
  const [spec, dryRun] = [specOf(policy?.spec), specOf(policy?.dryRunSpec)];
  if (spec === 'on' && (dryRun === 'none' || dryRun === 'on')) return 'enforced';
  if (spec === 'none' && dryRun === 'on') return 'dry-run';
  return spec === 'none' && dryRun === 'none' ? 'off' : 'other-rules';
}

function specOf(spec: OrganizationPolicySpec | undefined): 'none' | 'on' | 'other' {
  if (spec === undefined) return 'none';
  const [rule, ...more] = spec.rules ?? [];
  if (spec.reset === true || spec.inheritFromParent === true || rule === undefined || more.length > 0) return 'other';
  const says = Object.entries(rule).filter(([, value]) => value !== false);
  return rule.enforce === true && says.length === 1 ? 'on' : 'other';
}
