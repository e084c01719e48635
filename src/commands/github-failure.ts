import type { Failure } from '../failure.js';
import { GitHubSetupError, GitHubTokenError } from '../github/errors.js';
import { CancelledError } from '../google/errors.js';

/** @returns the `failure_reason` of a write to GitHub that was insisted on */
export function gitHubReason(error: unknown): Failure['reason'] {
  if (error instanceof GitHubTokenError) return 'permission-denied';
  if (error instanceof GitHubSetupError) return 'invalid-input';
  return error instanceof CancelledError ? 'cancelled' : 'api-error';
}
