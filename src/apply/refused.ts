import { DIRECTIONS, type Direction } from '../config/desired.js';
import { errorInfoIn } from '../google/error-body.js';
import { ApiError, OperationError } from '../google/errors.js';
import type { Google } from '../google/index.js';
import { directionOfConstraint, ruleOf } from '../plan/guardrail-rule.js';
import { directionOf, type BindingChange } from '../plan/types.js';
import { RefusedByPolicy, type RefusingConstraint } from './errors.js';

/** The organization in an agent identity's trust domain, as `principalOf` in google/names.ts makes it. */
const ORGANIZATION = /^principal:\/\/agents\.global\.org-(\d+)\./;

/** Google's answer that custom constraints forbid something: to the request, or at the end of its operation. */
type Refusal = ApiError | OperationError;

/**
 * Finds out what a binding was refused for by custom constraints: their names are in the answer, and what they say is read
 * where the caller may.
 *
 * @param principal of the engine that was refused: it says which organization it belongs to
 * @returns the same error for anything else
 */
export async function explainRefusal(
  error: unknown,
  change: BindingChange,
  principal: string | undefined,
  google: Google,
): Promise<unknown> {
  if (!isRefusal(error)) return error;
  const organization = ORGANIZATION.exec(principal ?? '')?.[1];
  const constraints = await Promise.all(
    constraintsIn(error).map(async (id): Promise<RefusingConstraint> => {
      const found = await readRefusing(id, organization, google);
      return found.direction === undefined ? found : { ...found, asked: directionOf(change, found.direction).to };
    }),
  );
  return new RefusedByPolicy(constraints, error);
}

/** @returns true when constraints on approved gateways, of these directions alone, refused a write */
export function isRefusedFor(error: unknown, directions: ReadonlySet<Direction>): boolean {
  if (!isRefusal(error)) return false;
  const found = constraintsIn(error).map(directionOfConstraint);
  return found.length > 0 && found.every((direction) => direction !== undefined && directions.has(direction));
}

/** @returns true when custom constraints refused a write, in the answer or at the end of its operation */
export function isRefusal(error: unknown): error is Refusal {
  return (
    (error instanceof ApiError || error instanceof OperationError) &&
    errorInfoIn(error.details)?.reason === 'CUSTOM_ORG_POLICY_VIOLATION'
  );
}

/**
 * IDs of the constraints that Google's answer names. How the metadata lists several of them is not documented, and the message
 * names each, so both are searched for names.
 */
function constraintsIn(error: Refusal): string[] {
  const metadata = errorInfoIn(error.details)?.metadata;
  const listed = typeof metadata === 'object' && metadata !== null ? Object.values(metadata) : [];
  const message = error instanceof ApiError ? error.googleMessage : error.rpcMessage;
  const text = [...listed.filter((value) => typeof value === 'string'), message].join('\n');
  return [...new Set([...text.matchAll(/customConstraints\/(custom\.\w{1,71})/g)].map(([, id = '']) => id))];
}

async function readRefusing(id: string, organization: string | undefined, google: Google): Promise<RefusingConstraint> {
  const known = directionOfConstraint(id);
  const unread = { id, ...(known === undefined ? {} : { direction: known }) };
  if (organization === undefined) return unread;
  try {
    const constraint = await google.orgpolicy.getConstraint(`organizations/${organization}/customConstraints/${id}`);
    const rules = DIRECTIONS.map((direction) => ({ direction, rule: ruleOf(constraint, direction) }));
    for (const { direction, rule } of rules) {
      if (rule.kind === 'list') return { id, direction, approved: rule.gateways };
    }
    const [text] = rules.flatMap(({ rule }) => (rule.kind === 'other' ? rule.text : []));
    return text === undefined ? unread : { ...unread, says: text };
  } catch {
    // Most callers may not read it, and the refusal is what matters.
    return unread;
  }
}
