import type { Check } from './check.js';

/**
 * Agent Registry and IAP have to be enabled by themselves in the gateway's project ("Set up Agent Gateway" page). Nothing
 * is registered or granted where they are not, so the plan is what it would be after that. Without Organization Policy the
 * guardrails are not known, and the plan is one without them. Without one of the other APIs there is no plan, and the run fails
 * for the same reason.
 */
export const apiDisabled: Check = {
  id: 'api-disabled',
  level: 'error',
  run: ({ observed }) =>
    observed.disabledApis.map(({ service, project }) => ({
      message: `The API ${service} is disabled in project ${project}${service.startsWith('orgpolicy.') ? ', so the guardrails cannot be read and are not planned' : ''}.`,
      remedy: `Enable it: gcloud services enable ${service} --project=${project}`,
    })),
};
