import { constraintOwner } from '../guardrail-ownership.js';
import type { Check } from './check.js';

/**
 * An organization has one constraint per direction, whatever projects it is enforced on: two files that both keep the list
 * would take each other's gateways away with every run.
 */
export const guardrailOfOtherConfig: Check = {
  id: 'guardrail-of-other-config',
  level: 'error',
  run: ({ desired, observed, guardrails }) =>
    guardrails.flatMap((change) => {
      const constraint = observed.guardrails?.[change.direction]?.constraint;
      if (change.kind !== 'constraint' || change.action !== 'update' || !constraint) return [];
      if (constraintOwner(constraint, desired.config, change.direction) !== 'other-config') return [];
      const origin = desired.guardrails?.origin;
      return [
        {
          message: `The list of approved ${change.direction} gateways (${change.name}) is kept by another config: its description says ${JSON.stringify(constraint.description ?? '')}.`,
          remedy:
            'Keep the list in one file. To take it over with this one, set the level of this check to warning for one apply.',
          ...(origin ? { origin } : {}),
        },
      ];
    }),
};
