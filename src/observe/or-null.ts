import { isNotFound } from '../google/errors.js';

/** @returns null where Google says there is no such thing; every other error goes on. */
export async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
