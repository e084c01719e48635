import type { Check } from './check.js';
import { isToBeBound } from './access-wording.js';

/** Access policies that may be bound to one resource; not adjustable ("Quotas and limits" page of IAM). */
const MOST = 5;

/** The policy would be made and then count for nothing, so this is said before it is made. */
export const accessPolicyBindings: Check = {
  id: 'access-policy-bindings',
  level: 'error',
  run: (input) => {
    const { access, registryProject } = input.observed;
    if (access?.bindings.kind !== 'read' || !isToBeBound(input)) return [];
    const names = access.bindings.bindings.map(({ policy, name }) => policy ?? name).sort();
    if (names.length < MOST) return [];
    return [
      {
        message: `Access policy ${access.name} cannot be bound to project ${registryProject.id}: ${MOST} access policies may be, and ${names.length} are, ${names.join(', ')}.`,
        remedy:
          'Unbind one that nobody needs, or put its rules into another. To use one of them for this action, give it the annotation bind-agent-gateway/managed: "true".',
      },
    ];
  },
};

/**
 * A managed constraint that Google enforces in new organizations forbids to bind access policies to resources.
 */
export const accessPolicyForbidden: Check = {
  id: 'access-policy-forbidden',
  level: 'error',
  run: (input) => {
    const { access, registryProject } = input.observed;
    if (access?.constraint?.kind !== 'enforced' || !isToBeBound(input)) return [];
    const { constraint } = access.constraint;
    const file = JSON.stringify({
      name: `projects/${registryProject.id}/policies/${constraint}`,
      spec: { rules: [{ enforce: false }] },
    });
    return [
      {
        message: `The organization policy constraint ${constraint} is enforced for project ${registryProject.id}, so access policy ${access.name} cannot be bound to it.`,
        remedy: `Ask whoever has roles/orgpolicy.policyAdmin to lift it for this project: \`gcloud org-policies set-policy FILE\` with ${file} in the file. It takes up to 15 minutes to count.`,
      },
    ];
  },
};
