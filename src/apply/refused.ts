import type { Direction } from '../config/desired.js';
import { ApiError } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { directionOfConstraint, ruleOf } from '../plan/guardrail-rule.js';
import { RefusedByPolicy, type RefusingConstraint } from './errors.js';

/** The organization in an agent identity's trust domain, as `principalOf` in google/names.ts makes it. */
const ORGANIZATION = /^principal:\/\/agents\.global\.org-(\d+)\./;

/**
 * Finds out what a binding was refused for by custom constraints: their names are in the answer, and which gateways they
 * approve is read where the caller may. Only the constraints on approved gateways are read, no others.
 *
 * @param principal of the engine that was refused: it says which organization it belongs to
 * @returns the same error for anything else
 */
export async function explainRefusal(error: unknown, principal: string | undefined, google: Google): Promise<unknown> {
  if (!isRefusal(error)) return error;
  const names = constraintsIn(error);
  const organization = ORGANIZATION.exec(principal ?? '')?.[1];
  const constraints = await Promise.all(names.map((id) => readRefusing(id, organization, google)));
  return new RefusedByPolicy(constraints, error);
}

/** @returns true when constraints on approved gateways, of these directions alone, refused a write */
export function isRefusedFor(error: unknown, directions: ReadonlySet<Direction>): boolean {
  if (!isRefusal(error)) return false;
  const found = constraintsIn(error).map(directionOfConstraint);
  return found.length > 0 && found.every((direction) => direction !== undefined && directions.has(direction));
}

/** @returns true when custom constraints refused a write */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.reason === 'CUSTOM_ORG_POLICY_VIOLATION';
}

/** IDs of the constraints that Google's answer names. */
function constraintsIn({ metadata }: ApiError): string[] {
  return (metadata.customConstraints ?? '')
    .split(',')
    .map((name) => name.trim().replace(/^.*customConstraints\//, ''))
    .filter((name) => name !== '');
}

async function readRefusing(id: string, organization: string | undefined, google: Google): Promise<RefusingConstraint> {
  const direction = directionOfConstraint(id);
  if (direction === undefined) return { id };
  if (organization === undefined) return { id, direction };
  try {
    const constraint = await google.orgpolicy.getConstraint(`organizations/${organization}/customConstraints/${id}`);
    const rule = ruleOf(constraint, direction);
    return { id, direction, ...(rule.kind === 'list' ? { approved: rule.gateways } : {}) };
  } catch {
    // Most callers may not read it, and the refusal is what matters.
    return { id, direction };
  }
}
