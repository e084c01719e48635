import { ApiError, NetworkError, ProtocolError } from '../google/errors.js';
import type { Google } from '../google/index.js';
import type { NeededPermissions } from '../plan/permissions.js';

/**
 * Which of the needed permissions the caller lacks, asked before anything is written: a run that stops half-way for want of
 * a permission helps nobody.
 *
 * A permission may also be granted on a single resource, where the project knows nothing of it. So an answer that lacks
 * even what the caller has just made use of is not believed, and no answer at all is none.
 *
 * @returns projects with the permissions that are missing there
 */
export async function missingPermissions(
  needed: readonly NeededPermissions[],
  google: Google,
): Promise<NeededPermissions[]> {
  const answers = await Promise.all(needed.map((need) => ask(need, google)));
  return answers.flat();
}

async function ask(need: NeededPermissions, google: Google): Promise<NeededPermissions[]> {
  try {
    const held = await google.resourcemanager.testPermissions(need.project, [...need.permissions, need.proven]);
    const missing = need.permissions.filter((permission) => !held.includes(permission));
    return held.includes(need.proven) && missing.length > 0 ? [{ ...need, permissions: missing }] : [];
  } catch (error) {
    if (error instanceof ApiError || error instanceof NetworkError || error instanceof ProtocolError) return [];
    throw error;
  }
}
