/** Answers and events come from outside: nothing about their shape is taken for granted. */

/** @returns the object, or an empty one for anything else */
export const record = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

/** @returns the text, or undefined for anything else */
export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** @returns the number of an issue, a pull request or a comment, or undefined for anything else */
export const positive = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;

/** @returns a full SHA-1 or SHA-256 commit name, or undefined for anything else */
export const commitName = (value: unknown): string | undefined =>
  typeof value === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value) ? value : undefined;

/** @returns the list, or undefined for anything else */
export const list = (value: unknown): readonly unknown[] | undefined =>
  Array.isArray(value) ? (value as unknown[]) : undefined;
