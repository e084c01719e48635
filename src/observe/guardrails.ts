import { DIRECTIONS, type Desired } from '../config/desired.js';
import { isPermissionDenied } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { CONSTRAINT_IDS } from '../plan/guardrail-rule.js';
import { policyName } from '../plan/guardrail-policy.js';
import type { DisabledApis } from './disabled.js';
import type { Observed } from './observed.js';
import { orNull } from './or-null.js';

/** What one request found, or why it may not be made: nothing where the API is disabled, which is told by itself. */
type Reading<T> = { readonly value: T | null } | { readonly refusals: readonly string[] };

/**
 * The constraint and the policy of each direction that the config declares, and with `prune` of the others. A config without
 * guardrails needs no right in an organization. One with them cannot be carried out without, but the other layers can still be
 * planned and shown.
 */
export async function readGuardrails(
  desired: Desired,
  google: Google,
  disabled: DisabledApis,
): Promise<Pick<Observed, 'guardrails' | 'unreadGuardrails'>> {
  const { guardrails, prune } = desired;
  if (guardrails === undefined) return {};
  const { organization, approved, enforceOn } = guardrails;
  const directions = DIRECTIONS.filter((direction) => prune || approved[direction] !== undefined);
  const read = <T>(request: Promise<T>): Promise<Reading<T>> => readOne(request, desired.project, disabled);
  const readings = await Promise.all(
    directions.map(async (direction) => {
      const id = CONSTRAINT_IDS[direction];
      const [constraint, policy] = await Promise.all([
        read(google.orgpolicy.getConstraint(`organizations/${organization}/customConstraints/${id}`)),
        read(google.orgpolicy.getPolicy(policyName(enforceOn, id))),
      ]);
      return { direction, constraint, policy };
    }),
  );
  const unread = readings
    .flatMap(({ constraint, policy }) => [constraint, policy])
    .flatMap((reading) => ('refusals' in reading ? [reading.refusals] : []));
  if (unread.length > 0) return { unreadGuardrails: [...new Set(unread.flat())].sort() };
  const found = readings.flatMap(({ direction, constraint, policy }) =>
    'value' in constraint && 'value' in policy
      ? [[direction, { constraint: constraint.value, policy: policy.value }] as const]
      : [],
  );
  return { guardrails: Object.fromEntries(found) };
}

async function readOne<T>(request: Promise<T>, project: string, disabled: DisabledApis): Promise<Reading<T>> {
  const found = orNull(request).then((value): Reading<T> => ({ value }));
  try {
    return await disabled.orElse(found, { refusals: [] }, project);
  } catch (error) {
    if (!isPermissionDenied(error)) throw error;
    return { refusals: [error.googleMessage] };
  }
}
