import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { canonical } from '../plan/canonical.js';
import type { Plan } from '../plan/types.js';
import { parseReviewedPlan, type ReviewedPlan } from './plan-file.js';

/** Characters that a comment can spare; GitHub takes 65,536 in all. */
const LONGEST = 12_000;
/** No plan of that many characters fits into a comment: a body that says so is not ours. */
const LONGEST_JSON = 20_000_000;

/**
 * What a plan would change, small enough to travel in a comment: whoever compares another plan with it can then say how
 * they differ, and not only that they do.
 *
 * @returns base64, or undefined when it would be too long
 */
export function encodePlan({ schemaVersion, scope, changes, digest }: Plan): string | undefined {
  const json = JSON.stringify(canonical({ schemaVersion, scope, changes, digest }));
  const encoded = deflateRawSync(json, { level: 9 }).toString('base64');
  return encoded.length > LONGEST ? undefined : encoded;
}

/**
 * @param text base64 as `encodePlan` gives it, from a comment that anybody may have written
 * @returns undefined when it is nothing of that kind
 */
export function decodePlan(text: string): ReviewedPlan | undefined {
  try {
    const json = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: LONGEST_JSON }).toString('utf8');
    return parseReviewedPlan(JSON.parse(json));
  } catch {
    return undefined;
  }
}
