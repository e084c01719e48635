import { expect } from '@jest/globals';
import type { Failure } from '../../src/failure.js';

const WHERE =
  /^(?:Registering|Granting|Binding|Taking hosts out|Taking \d+ members?|Removing|Looking once more)\b.*\((?:projects\/)|^(?:Writing the rules|Taking members out of the rules) of \d+ endpoints? in access policy projects\/|^Reading the world/;
const REASONS: readonly string[] = [
  'auth-failed',
  'register-failed',
  'grant-failed',
  'bind-failed',
  'not-bound',
  'cancelled',
  'api-error',
];

/** A failure names what failed and why, in the words of Google or of this action, and not in those of the runtime. */
export function expectClear({ reason, message }: Failure): void {
  if (reason !== 'auth-failed') expect(message).toMatch(WHERE);
  expect(message).not.toMatch(/undefined|\[object|Cannot read|is not a/);
  expect(REASONS).toContain(reason);
}
