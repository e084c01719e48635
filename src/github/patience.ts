import type { Clock } from '../clock.js';
import { throwIfAborted } from '../google/abort.js';
import type { Log } from '../log.js';

/** The time a run may spend on waiting for GitHub, all waits together. */
export interface Patience {
  /**
   * Waits and says so, if that much is left.
   * @param why what the log says, e.g. `GitHub answered 502`
   * @returns false at once when the wait would be longer than what is left
   * @throws CancelledError or TimeoutError when the run is told to stop
   */
  wait(ms: number, why: string): Promise<boolean>;
}

/** @param options.budgetMs milliseconds for all waits together */
export function createPatience(options: {
  readonly budgetMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}): Patience {
  const { clock, signal, log } = options;
  let left = options.budgetMs;
  return {
    async wait(ms, why) {
      const seconds = `${Math.ceil(ms / 1000)} s`;
      if (ms > left) {
        log.info(`${why}: ${seconds} of waiting is longer than this run may wait for GitHub.`);
        return false;
      }
      left -= ms;
      log.info(`${why}: waiting ${seconds}, then trying again.`);
      try {
        await clock.sleep(ms, signal);
      } catch (error) {
        throwIfAborted(signal);
        throw error;
      }
      return true;
    },
  };
}
