import { DIRECTIONS, type Desired } from '../config/desired.js';
import type { Google } from '../google/index.js';
import { CONSTRAINT_IDS } from '../plan/guardrail-rule.js';
import { policyName } from '../plan/guardrail-policy.js';
import type { Observed } from './observed.js';
import { orNull } from './or-null.js';

/**
 * The constraint and the policy of each direction that the config declares, and with `prune` of the others. A config without
 * guardrails needs no right in an organization; one with them cannot do without what is read here.
 */
export async function readGuardrails(desired: Desired, google: Google): Promise<Observed['guardrails']> {
  const { guardrails, prune } = desired;
  if (guardrails === undefined) return undefined;
  const { organization, approved, enforceOn } = guardrails;
  const directions = DIRECTIONS.filter((direction) => prune || approved[direction] !== undefined);
  const entries = await Promise.all(
    directions.map(async (direction) => {
      const id = CONSTRAINT_IDS[direction];
      const [constraint, policy] = await Promise.all([
        orNull(google.orgpolicy.getConstraint(`organizations/${organization}/customConstraints/${id}`)),
        orNull(google.orgpolicy.getPolicy(policyName(enforceOn, id))),
      ]);
      return [direction, { constraint, policy }] as const;
    }),
  );
  return Object.fromEntries(entries);
}
