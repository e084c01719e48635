import { describe, expect, it } from '@jest/globals';
import { ApiError, CancelledError, OperationError } from '../../../src/google/errors.js';
import { isDone, waitForOperation, type OperationWait } from '../../../src/google/operations.js';
import type { Operation } from '../../../src/google/types.js';
import { fakeClock, thrownBy, type FakeClock } from './fakes.js';

const name = 'projects/101010/locations/us-central1/reasoningEngines/4242/operations/777';

/** An operation that ends after so many milliseconds of the clock, counted from now. */
function operationOf(
  clock: FakeClock,
  ms: number,
  end: Partial<Operation> = {},
): { wait: OperationWait; polls: () => number } {
  const ends = clock.now() + ms;
  let polls = 0;
  const get = (): Promise<Operation> => {
    polls += 1;
    return Promise.resolve(clock.now() < ends ? { name } : { name, done: true, ...end });
  };
  return { wait: { get, clock, signal: new AbortController().signal, name }, polls: () => polls };
}

describe('waitForOperation', () => {
  it('polls from soon and stretches: 0.2 s, doubling to 0.5 s, then 5 % of the time passed, then 15 s', async () => {
    const clock = fakeClock();
    await waitForOperation(operationOf(clock, 900_000).wait);
    expect(clock.slept.slice(0, 5)).toEqual([200, 200, 400, 500, 500]);
    expect(clock.slept.at(-1)).toBe(15_000);
    let elapsed = 800;
    for (const delay of clock.slept.slice(3)) {
      expect(delay).toBeCloseTo(Math.min(Math.max(elapsed * 0.05, 500), 15_000));
      elapsed += delay;
    }
  });

  it.each([
    [400, 2],
    [1_000, 4],
    [5_000, 12],
    [60_000, 60],
    [150_000, 77],
    [311_000, 92],
  ])('notices the end of %i ms within a twentieth of it or a second, with %i polls at most', async (ms, most) => {
    const clock = fakeClock();
    const start = clock.now();
    const { wait, polls } = operationOf(clock, ms);
    expect(await waitForOperation(wait)).toMatchObject({ done: true });
    expect(clock.now() - start - ms).toBeLessThanOrEqual(Math.max(1000, ms * 0.05));
    expect(polls()).toBeLessThanOrEqual(most);
  });

  it('throws the error of an operation that ended in one', async () => {
    const error = { code: 13, message: 'Please refer to our troubleshooting pages.', details: [{ a: 1 }] };
    const thrown = await thrownBy(() => waitForOperation(operationOf(fakeClock(), 5000, { error }).wait));
    expect(thrown).toBeInstanceOf(OperationError);
    expect(thrown).toMatchObject({ operation: name, code: 13, rpcMessage: error.message, details: [{ a: 1 }] });
  });

  it('does not ask for an operation that the write answered as done', async () => {
    const { wait, polls } = operationOf(fakeClock(), 5000);
    expect(await waitForOperation({ ...wait, started: { name, done: true } })).toEqual({ name, done: true });
    const failed = { name, done: true, error: { code: 9, message: 'no' } };
    expect(await thrownBy(() => waitForOperation({ ...wait, started: failed }))).toBeInstanceOf(OperationError);
    expect(polls()).toBe(0);
  });

  it('takes an operation that is no longer there as finished', async () => {
    const gone = new ApiError(
      { method: 'GET', url: 'https://x/', api: 'aiplatform' },
      { status: 404, body: '{"error":{"status":"NOT_FOUND"}}' },
    );
    const { wait } = operationOf(fakeClock(), 0);
    expect(await waitForOperation({ ...wait, get: () => Promise.reject(gone) })).toBeUndefined();
  });

  it('does not take a web page for an operation that is gone', async () => {
    const page = new ApiError({ method: 'GET', url: 'https://x/', api: 'aiplatform' }, { status: 404, body: '<html>' });
    const { wait } = operationOf(fakeClock(), 0);
    expect(await thrownBy(() => waitForOperation({ ...wait, get: () => Promise.reject(page) }))).toBe(page);
  });

  it('passes on any other failure to read it', async () => {
    const denied = new ApiError({ method: 'GET', url: 'https://x/', api: 'aiplatform' }, { status: 403, body: '' });
    const { wait } = operationOf(fakeClock(), 0);
    expect(await thrownBy(() => waitForOperation({ ...wait, get: () => Promise.reject(denied) }))).toBe(denied);
  });

  it('stops with the signal', async () => {
    const controller = new AbortController();
    const { wait } = operationOf(fakeClock(), 100_000);
    const run = (): unknown =>
      waitForOperation({
        ...wait,
        signal: controller.signal,
        get: () => {
          controller.abort();
          return wait.get();
        },
      });
    expect(await thrownBy(run)).toBeInstanceOf(CancelledError);
  });
});

describe('isDone', () => {
  it('takes an absent done as running', () => {
    expect([{ name }, { name, done: false }, { name, done: true }].map(isDone)).toEqual([false, false, true]);
  });
});
