import { isUncertain } from './errors.js';
import type { GitHub } from './octokit.js';

/** Tries to create one thing. After each that may have gone through, the caller looks again whether it is there. */
const MAX_CREATIONS = 3;
const FIRST_PAUSE_MS = 1_000;

/**
 * Creates something that must not be there twice.
 *
 * @param tries how often it was tried, this time included
 * @param what for the log, e.g. `the comment`
 * @returns undefined when it may be there although nobody said so: look before the next try
 * @throws GitHubError when it is not there, or too often nobody said
 */
export async function createOnce<T>(
  { patience }: GitHub,
  create: () => Promise<T>,
  tries: number,
  what: string,
): Promise<T | undefined> {
  try {
    return await create();
  } catch (error) {
    if (!isUncertain(error) || tries >= MAX_CREATIONS) throw error;
    const pause = FIRST_PAUSE_MS * 2 ** (tries - 1);
    if (!(await patience.wait(pause, `GitHub did not say whether it took ${what}`))) throw error;
    return undefined;
  }
}
