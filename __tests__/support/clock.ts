import type { Clock } from '../../src/clock.js';

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export interface FakeClock extends Clock {
  /** Moves the hands without waking anybody. */
  advance(ms: number): void;
}

export const START = Date.parse('2026-11-22T20:00:00Z');

/**
 * Virtual time: whoever sleeps is woken in order of time, and the hands move only when everything else is idle. So a
 * heartbeat that sleeps for ever does no harm, and half an hour passes in a moment.
 */
export function fakeClock(start = START): FakeClock {
  let now = start;
  let pumping = false;
  const sleepers: Sleeper[] = [];

  const pump = (): void => {
    sleepers.sort((a, b) => a.at - b.at);
    const first = sleepers.shift();
    pumping = sleepers.length > 0 || first !== undefined;
    if (!first) return;
    now = Math.max(now, first.at);
    first.wake();
    setImmediate(pump);
  };

  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const sleeper: Sleeper = {
          at: now + ms,
          wake: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        const onAbort = (): void => {
          const index = sleepers.indexOf(sleeper);
          if (index >= 0) sleepers.splice(index, 1);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.push(sleeper);
        if (pumping) return;
        pumping = true;
        setImmediate(pump);
      }),
  };
}
