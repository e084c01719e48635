import type { Check } from './check.js';

/**
 * Rights in the organization are given to few, and nothing of a guardrail is planned that could not be read. A config that
 * declares guardrails cannot be called as declared then; the other layers are planned all the same. Where the API is disabled,
 * its own check says so.
 */
export const guardrailNotReadable: Check = {
  id: 'guardrail-not-readable',
  level: 'error',
  run: ({ desired, observed }) => {
    const { guardrails } = desired;
    const answers = observed.unreadGuardrails ?? [];
    if (guardrails === undefined || answers.length === 0) return [];
    return [
      {
        message: `The guardrails of organization ${guardrails.organization} are not readable for the identity of this job, so this layer is not planned. Google answered: ${answers.join('; ')}`,
        remedy: `Give the identity orgpolicy.customConstraints.get and orgpolicy.policy.get on organizations/${guardrails.organization}, e.g. with roles/orgpolicy.policyViewer, or move the guardrails into a file of their own that another identity plans and applies.`,
        origin: guardrails.origin,
      },
    ];
  },
};
