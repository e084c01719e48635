import { describe, expect, it } from '@jest/globals';
import { createLimiter } from '../../src/limiter.js';
import { CancelledError } from '../../src/google/errors.js';
import { fakeClock, START } from '../support/clock.js';
import { thrownBy } from '../support/errors.js';

const running = (): AbortSignal => new AbortController().signal;

/** Seconds after the start at which so many callers, who all ask at once, go through. */
async function turns(callers: number, count: number, windowMs: number): Promise<number[]> {
  const clock = fakeClock();
  const limiter = createLimiter(count, windowMs, clock);
  const at: number[] = [];
  const one = async (): Promise<void> => {
    await limiter.acquire(running());
    at.push((clock.now() - START) / 1000);
  };
  await Promise.all(Array.from({ length: callers }, one));
  return at;
}

describe('createLimiter', () => {
  it('lets so many through at once, and the others as the window moves on', async () => {
    expect(await turns(7, 3, 60_000)).toEqual([0, 0, 0, 60, 60, 60, 120]);
  });

  it('counts a window from each start, not from the minute', async () => {
    const clock = fakeClock();
    const limiter = createLimiter(2, 60_000, clock);
    await limiter.acquire(running());
    await clock.sleep(40_000);
    await limiter.acquire(running());
    await limiter.acquire(running());
    expect(clock.now() - START).toBe(60_000);
    await limiter.acquire(running());
    expect(clock.now() - START).toBe(100_000);
  });

  it('serves in the order of asking', async () => {
    const clock = fakeClock();
    const limiter = createLimiter(1, 1000, clock);
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((name) => limiter.acquire(running()).then(() => order.push(name))));
    expect(order).toEqual([1, 2, 3]);
  });

  it('takes an abort while waiting as the end of that waiter alone, and its turn goes to the next', async () => {
    const clock = fakeClock();
    const limiter = createLimiter(1, 60_000, clock);
    await limiter.acquire(running());
    const controller = new AbortController();
    const reason = new CancelledError();
    const first = thrownBy(() => limiter.acquire(controller.signal));
    const second = limiter.acquire(running()).then(() => clock.now() - START);
    await clock.sleep(10_000);
    controller.abort(reason);
    expect(await first).toBe(reason);
    expect(await second).toBe(60_000);
  });

  it('refuses who comes with an aborted signal, and uses no turn up for it', async () => {
    const clock = fakeClock();
    const limiter = createLimiter(1, 60_000, clock);
    const reason = new CancelledError();
    expect(await thrownBy(() => limiter.acquire(AbortSignal.abort(reason)))).toBe(reason);
    await limiter.acquire(running());
    expect(clock.now()).toBe(START);
  });
});
