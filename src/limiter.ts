import type { Clock } from './clock.js';

/**
 * Engine writes (create, delete, update) that Google lets a project make per region and minute, quota
 * `reasoning_engine_service_write_requests` (Vertex AI quotas page), unless it was raised.
 */
export const ENGINE_WRITES_PER_MINUTE = 10;

/** What was read before a wait of this many milliseconds is still fresh. */
const MOMENT_MS = 500;

/** Lets at most `count` callers through in any window of `windowMs`, first come first served. */
export interface Limiter {
  /**
   * @returns when the caller may go: true if it had to wait for that, so that the world may have changed meanwhile
   * @throws the signal's reason when that aborts first
   */
  acquire(signal: AbortSignal): Promise<boolean>;
}

/** @param count callers per window @param windowMs length of the window in milliseconds */
export function createLimiter(count: number, windowMs: number, clock: Clock): Limiter {
  const starts: number[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  const next = async (signal: AbortSignal, since: number): Promise<boolean> => {
    const oldest = starts[starts.length - count];
    const wait = oldest === undefined ? 0 : oldest + windowMs - clock.now();
    if (wait > 0) await clock.sleep(wait, signal);
    signal.throwIfAborted();
    starts.push(clock.now());
    if (starts.length > count) starts.shift();
    return clock.now() - since > MOMENT_MS;
  };
  return {
    acquire(signal) {
      const since = clock.now();
      const turn = queue.then(() => next(signal, since));
      // One caller's abort must not keep the ones behind it waiting for ever.
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
}
