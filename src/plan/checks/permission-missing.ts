import { ROLE_OF } from '../permissions.js';
import type { Check, Found } from './check.js';
import { listed } from './wording.js';

/**
 * What this very plan writes is more than the identity of this job may. Asked for by apply only: an identity that plans
 * need not be able to write. A grant under a condition may not show in the answers, so the level can be changed.
 */
export const permissionMissing: Check = {
  id: 'permission-missing',
  level: 'error',
  run: ({ observed }) =>
    (observed.lackingPermissions ?? []).map(({ permission, project, resources, isOptional = false }) => {
      if (isOptional) return withoutIt(permission, project);
      const on = resources.length === 0 ? '' : ` nor on ${listed(resources)}`;
      return {
        message: `The identity of this job does not have ${permission}, which this plan needs, on project ${project}${on}.`,
        remedy: `Grant it on project ${project} with ${ROLE_OF[permission] ?? 'a custom role'} (docs/permissions.md has the smallest custom role).`,
      };
    }),
};

/** Operations of IAM can do without being read: then what they write is looked at. */
function withoutIt(permission: string, project: string): Found {
  return {
    message: `The identity of this job does not have ${permission} on project ${project}: how the writes of access policies end is seen from the policies themselves.`,
    remedy: `Nothing has to be done; with ${ROLE_OF[permission] ?? 'it'} a write that fails is told from one that takes its time.`,
    isNote: true,
  };
}
