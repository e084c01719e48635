import { z } from 'zod';

/** What organization policies do where the documents leave room. */
export const orgPolicySettings = z.strictObject({
  /** How long after it was written a constraint or policy takes effect (Google: up to 15 minutes). */
  propagationMs: z.number().min(0).default(0),
  /**
   * What a PATCH with a mask leaves alone: a mask names what is replaced (gcloud's help), while the method's own description
   * says the policy is overwritten in full.
   */
  maskedUpdate: z.enum(['named-fields', 'whole-policy']).default('named-fields'),
  /** Where a write that a constraint forbids is refused: in its answer (Google's page), or when its operation ends. */
  refusedIn: z.enum(['answer', 'operation']).default('answer'),
  /** How the name of a deleted custom constraint is refused: it cannot be given again, the code is not known. */
  deletedConstraintName: z.enum(['ALREADY_EXISTS', 'FAILED_PRECONDITION', 'reusable']).default('ALREADY_EXISTS'),
  /** Custom constraints per resource type in an organization (quota page). */
  maxConstraintsPerType: z.int().min(0).default(20),
  /** The next this many updates and deletes of a policy find that somebody else wrote just before them. */
  foreignWrites: z.int().min(0).default(0),
});
