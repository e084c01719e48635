import { ApiError, NetworkError, ProtocolError } from '../google/errors.js';
import type { Google } from '../google/index.js';
import type { NeededPermission } from '../plan/permissions.js';
import { groupBy } from '../plan/canonical.js';
import type { LackingPermission } from './observed.js';

/**
 * Which of the needed permissions the caller lacks, asked before anything is written: a run that stops half-way for want of
 * a permission helps nobody.
 *
 * The projects are asked first, with one request each. A permission may also be granted on a single engine or a single
 * endpoint, where the project knows nothing of it, so what a project does not confirm is asked of the resources
 * themselves. Where these cannot be asked, the project's answer counts as long as it is right about what was made use of
 * already; no answer at all is none.
 *
 * @returns what is lacking, with the resources it is lacking on (none where only the project could be asked)
 */
export async function lackingPermissionsOf(
  needed: readonly NeededPermission[],
  google: Google,
): Promise<LackingPermission[]> {
  const answers = new Map(
    await Promise.all(
      [...groupBy(needed, questionOf)].map(async ([question, asked]) => {
        const permissions = [...new Set(asked.flatMap(({ permission, proven }) => [permission, proven]))].sort();
        const held = await answerOrNone(google.resourcemanager.testPermissions(asked[0]?.project ?? '', permissions));
        return [question, held] as const;
      }),
    ),
  );
  const unconfirmed = needed.filter((need) => !answers.get(questionOf(need))?.includes(need.permission));
  const found = await Promise.all(
    unconfirmed.map(async (need) =>
      lackingOn(need, answers.get(questionOf(need))?.includes(need.proven) ?? false, google),
    ),
  );
  return found.flat();
}

/** One per project. A project that does not know the permissions of access policies refuses the whole question: they are apart. */
function questionOf({ project, proven }: NeededPermission): string {
  return `${project} ${proven.startsWith('iam.') ? 'iam' : ''}`;
}

/** @param isBelieved the project's answer, which does not confirm the permission, counts */
async function lackingOn(need: NeededPermission, isBelieved: boolean, google: Google): Promise<LackingPermission[]> {
  const { permission, project, resources } = need;
  const answers = await Promise.all(
    resources.map(async (resource) => ({ resource, held: await heldOn(resource, permission, google) })),
  );
  const lacking = answers
    .filter(({ held }) => (held ? !held.includes(permission) : isBelieved))
    .map(({ resource }) => resource);
  if (resources.length === 0 ? !isBelieved : lacking.length === 0) return [];
  return [{ permission, project, resources: lacking, ...(need.isOptional ? { isOptional: true } : {}) }];
}

/** @returns undefined also where the answer lacks what was made use of already: then it says nothing about the rest */
async function heldOn(resource: string, permission: string, google: Google): Promise<readonly string[] | undefined> {
  const isIap = permission.startsWith('iap.');
  const proven = isIap ? 'iap.webServiceVersions.getIamPolicy' : 'aiplatform.reasoningEngines.get';
  const asked = [...new Set([proven, permission])];
  const held = await answerOrNone((isIap ? google.iap : google.aiplatform).testPermissions(resource, asked));
  return held?.includes(proven) || permission === proven ? held : undefined;
}

async function answerOrNone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError || error instanceof NetworkError || error instanceof ProtocolError) return undefined;
    throw error;
  }
}
