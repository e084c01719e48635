import { ApiError, isPermissionDenied, NetworkError } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { isProjectTarget, parseIamName, projectIamName, sameIamName } from '../google/iam-names.js';
import type { ProjectRef } from '../google/names.js';
import type { AccessPolicy, PolicyBinding } from '../google/types.js';
import { MANAGED_ANNOTATION } from '../plan/access/marks.js';
import type { BindingsReading, ConstraintReading, ObservedAccess, OtherAccessPolicy } from './observed.js';
import { readNeighbours, type EnforcementReading } from './enforcement.js';
import { orNull } from './or-null.js';

/**
 * Access policies are shared by all configs of a gateway project: five may be bound to it, and each counts for the whole project
 * ("Quotas and limits" page of IAM).
 */
export const POLICY_ID = 'agent-gateway-egress';

/**
 * The managed constraint that forbids to bind access policies, in both spellings that Google's pages have. New organizations have it
 * enforced.
 */
const CONSTRAINTS = ['iam.managed.disableAccessPolicyBinding', 'iam.managed.disableAccessPolicyBindings'];

/** The gateway that decides, where there is one, and what stands in front of it. */
export interface DecidingGateway {
  readonly gateway: string | undefined;
  readonly enforcement: EnforcementReading | undefined;
}

/**
 * Reads the access policy that rules are written to, what else is bound to the gateway's project, and, where it is not bound yet,
 * whether it may be. That is two reads where nothing else is bound.
 *
 * Another policy of the project takes the place of the usual one where it is bound and carries this action's annotation: that is how
 * a team names it otherwise.
 *
 * @param project the gateway's
 */
export async function readAccess(
  project: ProjectRef,
  { gateway, enforcement }: DecidingGateway,
  google: Google,
): Promise<ObservedAccess> {
  const usual = projectIamName(project, 'accessPolicies', POLICY_ID);
  const [found, bound, neighbours] = await Promise.all([
    orNull(google.accesspolicies.getPolicy(usual)),
    readBindings(project, google),
    readNeighbours(gateway, enforcement, google),
  ]);
  const bindings = bound ?? (await bindingsOf(usual, found, project, google));
  const names = [...new Set(bindings.list.flatMap(({ policy }) => policy ?? []))];
  const isUsual = (name: string): boolean => sameIamName(name, usual, 'accessPolicies', project);
  const others = await Promise.all(names.filter((name) => !isUsual(name)).map((name) => readOther(name, google)));
  const usualIsBound = names.some(isUsual);
  const chosen = usualIsBound && isManaged(found) ? undefined : managedOf(others, project);
  const isBound = chosen !== undefined || usualIsBound;
  const base = {
    bindings: bindings.reading,
    isBound,
    neighbours,
    ...(isBound ? {} : await readConstraint(project, google)),
  };
  if (chosen === undefined) return { ...base, name: usual, policy: found, others };
  const rest = others.filter((other) => other !== chosen);
  const usualOne: OtherAccessPolicy[] = found && usualIsBound ? [{ name: usual, kind: 'read', policy: found }] : [];
  const id = parseIamName(chosen.name, 'accessPolicies')?.id ?? POLICY_ID;
  const name = projectIamName(project, 'accessPolicies', id);
  return { ...base, name, policy: chosen.policy, others: [...rest, ...usualOne] };
}

/** Of an API that is disabled nothing can be read; the plan is what it would be after it was enabled. */
export function nothingRead(project: ProjectRef): ObservedAccess {
  const name = projectIamName(project, 'accessPolicies', POLICY_ID);
  return {
    name,
    policy: null,
    isBound: false,
    bindings: { kind: 'unreadable', why: 'the API is disabled' },
    others: [],
    neighbours: [],
  };
}

interface Bound {
  readonly list: readonly PolicyBinding[];
  readonly reading: BindingsReading;
}

/** @returns undefined where the caller may not search the project: that is more than the daily work needs */
async function readBindings(project: ProjectRef, google: Google): Promise<Bound | undefined> {
  try {
    const list = onlyTo(project, await google.accesspolicies.bindingsTo(project.number));
    return { list, reading: { kind: 'read', bindings: list } };
  } catch (error) {
    if (isPermissionDenied(error)) return undefined;
    throw error;
  }
}

/** Where only the policy itself may be asked, what else is bound stays unknown. */
async function bindingsOf(
  name: string,
  found: AccessPolicy | null,
  project: ProjectRef,
  google: Google,
): Promise<Bound> {
  const reading = { kind: 'unreadable', why: 'no right to search the bindings of the project' } as const;
  return { list: found ? onlyTo(project, await google.accesspolicies.bindingsOf(name)) : [], reading };
}

function onlyTo(project: ProjectRef, bindings: readonly PolicyBinding[]): PolicyBinding[] {
  return bindings.filter(({ target }) => isProjectTarget(target?.resource, project));
}

async function readOther(name: string, google: Google): Promise<OtherAccessPolicy> {
  if (!parseIamName(name, 'accessPolicies')) return { name, kind: 'unreadable', why: 'it has no name of a policy' };
  try {
    return { name, kind: 'read', policy: await google.accesspolicies.getPolicy(name) };
  } catch (error) {
    return { name, kind: 'unreadable', why: whyUnreadable(error) };
  }
}

/** @throws what ends a run: no token, no time */
function whyUnreadable(error: unknown): string {
  if (error instanceof ApiError && error.status !== 401) return error.googleMessage;
  if (error instanceof NetworkError) return error.message;
  throw error;
}

type ReadPolicy = Extract<OtherAccessPolicy, { kind: 'read' }>;

function managedOf(others: readonly OtherAccessPolicy[], project: ProjectRef): ReadPolicy | undefined {
  const own = others.filter((other): other is ReadPolicy => other.kind === 'read' && isManaged(other.policy));
  return own
    .filter(({ name }) => isIn(name, project))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .at(0);
}

function isIn(name: string, { id, number }: ProjectRef): boolean {
  const parent = parseIamName(name, 'accessPolicies')?.parent;
  return parent?.kind === 'projects' && [id, number].includes(parent.id);
}

function isManaged(policy: AccessPolicy | null): boolean {
  return policy?.annotations?.[MANAGED_ANNOTATION] === 'true';
}

/** Most callers may not read it: then Google's answer to the binding will say it. */
async function readConstraint(project: ProjectRef, google: Google): Promise<{ constraint: ConstraintReading }> {
  const read = await Promise.all(
    CONSTRAINTS.map(async (constraint): Promise<ConstraintReading> => {
      try {
        const name = `projects/${project.id}/policies/${constraint}`;
        const policy = await orNull(google.orgpolicy.getEffectivePolicy(name));
        const isEnforced = (policy?.spec?.rules ?? []).some(({ enforce }) => enforce === true);
        return isEnforced ? { kind: 'enforced', constraint } : { kind: 'not-enforced' };
      } catch (error) {
        return { kind: 'unreadable', why: whyUnreadable(error) };
      }
    }),
  );
  const by = (kind: ConstraintReading['kind']): ConstraintReading | undefined =>
    read.find((item) => item.kind === kind);
  return { constraint: by('enforced') ?? by('unreadable') ?? { kind: 'not-enforced' } };
}
