/** Why a run failed, as the `failure_reason` output says it. */
export const FAILURE_REASONS = [
  'invalid-input',
  'auth-failed',
  'permission-denied',
  'api-disabled',
  'check-failed',
  'plan-changed',
  'not-approved',
  'register-failed',
  'grant-failed',
  'bind-failed',
  'not-bound',
  'timeout',
  'changes-found',
  'cancelled',
  'api-error',
] as const;

export type FailureReason = (typeof FAILURE_REASONS)[number];

/** A failure as the person who reads a red pipeline needs it. */
export interface Failure {
  readonly reason: FailureReason;
  /** What failed, on which resource, what Google answered. */
  readonly message: string;
  /** What to do next, one thought per line. */
  readonly next: readonly string[];
}
