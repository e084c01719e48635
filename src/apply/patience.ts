import { stoppedAfter } from '../google/abort.js';
import type { ApplyDeps } from './deps.js';

/** Pauses grow from this to a longest one, in milliseconds. */
const FIRST_PAUSE_MS = 500;

export interface Patience {
  readonly longestPauseMs: number;
  /** How long to go on at most, in milliseconds. */
  readonly forMs: number;
}

/**
 * Waits before another try.
 *
 * @param failure of the last one
 * @throws the abort reason; where the time is over, with that failure as its cause
 */
export async function pauseAfter(
  failure: unknown,
  ms: number,
  { clock, signal }: Pick<ApplyDeps, 'clock' | 'signal'>,
): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    throw signal.aborted ? stoppedAfter(failure, signal) : error;
  }
}

/**
 * Asks again, with growing pauses, for what takes a moment to show.
 *
 * @param attempt gives what is waited for, or undefined as long as it is not there
 * @returns what it gave, or undefined when the time was over
 * @throws what `attempt` throws, and the abort reason
 */
export async function patiently<T>(
  attempt: () => Promise<T | undefined>,
  { longestPauseMs, forMs }: Patience,
  { clock, signal }: Pick<ApplyDeps, 'clock' | 'signal'>,
): Promise<T | undefined> {
  const start = clock.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, longestPauseMs)) {
    const found = await attempt();
    if (found !== undefined || clock.now() - start + pause > forMs) return found;
    await clock.sleep(pause, signal);
  }
}
