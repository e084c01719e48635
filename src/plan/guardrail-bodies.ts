import type { CustomConstraint, OrganizationPolicy, OrganizationPolicySpec } from '../google/types.js';
import { conditionOf, ENGINE_TYPE, METHODS } from './guardrail-rule.js';
import type { ConstraintChange, PolicyChange } from './types.js';

/**
 * The constraint as it is sent, and as `gcloud org-policies set-custom-constraint` takes it.
 *
 * @param gateways what is approved; what is planned in the end unless told otherwise
 */
export function constraintBody(change: ConstraintChange, gateways = change.to): CustomConstraint {
  return {
    name: change.name,
    resourceTypes: [ENGINE_TYPE],
    methodTypes: [...METHODS],
    condition: conditionOf(change.direction, gateways),
    actionType: 'ALLOW',
    displayName: change.displayName,
    description: change.description,
  };
}

/** The policy as it is sent, but for the etag, and as `gcloud org-policies set-policy` takes it. */
export function policyBody({ name, to }: Pick<PolicyChange, 'name' | 'to'>): OrganizationPolicy {
  const on: OrganizationPolicySpec = { rules: [{ enforce: true }] };
  return to === 'dry-run' ? { name, dryRunSpec: on } : { name, spec: on };
}
