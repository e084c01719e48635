import type { Clock } from '../../../src/clock.js';
import type { Credentials } from '../../../src/google/auth.js';
import { createHosts, type Hosts } from '../../../src/google/hosts.js';
import { createHttp, type Http, type HttpOptions } from '../../../src/google/http.js';
import type { Fetch, FetchInit } from '../../../src/google/transport.js';

export interface FakeClock extends Clock {
  /** Every sleep that was asked for, in milliseconds. */
  readonly slept: number[];
}

/** A clock on which sleeping takes no time and moves the hands. */
export function fakeClock(start = Date.parse('2026-11-22T20:00:00Z')): FakeClock {
  let now = start;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    sleep: async (ms, signal) => {
      await Promise.resolve();
      signal?.throwIfAborted();
      slept.push(ms);
      now += ms;
    },
  };
}

export interface Call extends FetchInit {
  readonly url: string;
}

/** What a fake server does with one request: an answer, or an error that fetch throws. */
export type Answer = { status?: number; json?: unknown; body?: string; headers?: Record<string, string> } | Error;

/** A fetch that answers by the list, the last entry for ever, and remembers what it was asked. */
export function fakeFetch(...answers: Answer[]): { fetch: Fetch; calls: Call[] } {
  const calls: Call[] = [];
  const fetch: Fetch = async (url, init) => {
    await Promise.resolve();
    const answer = answers[Math.min(calls.length, answers.length - 1)] ?? { json: {} };
    calls.push({ ...init, url });
    if (answer instanceof Error) throw answer;
    const body = answer.body ?? JSON.stringify(answer.json ?? {});
    return {
      status: answer.status ?? 200,
      headers: { get: (name) => answer.headers?.[name] ?? null },
      text: () => Promise.resolve(body),
    };
  };
  return { fetch, calls };
}

/** Google's error envelope. */
export const errorAnswer = (
  status: number,
  rpcStatus: string,
  message: string,
  details?: unknown[],
): Exclude<Answer, Error> => ({
  status,
  json: { error: { code: status, message, status: rpcStatus, ...(details ? { details } : {}) } },
});

/** Credentials with `token-1`, then `token-2` after an invalidate, and so on. */
export function fakeCredentials(): Credentials & { invalidated: number } {
  const credentials = {
    invalidated: 0,
    headers: () => Promise.resolve({ authorization: `Bearer token-${credentials.invalidated + 1}` }),
    invalidate: () => {
      credentials.invalidated += 1;
    },
    projectId: () => Promise.resolve(undefined),
  };
  return credentials;
}

export const testHosts = (): Hosts => createHosts({ universe: 'googleapis.com', region: 'us-central1', env: {} });

/** An Http on fakes; `random` is 1, so that delays are the longest they can be. */
export function testHttp(options: Partial<HttpOptions> & Pick<HttpOptions, 'fetch'>): Http {
  return createHttp({
    credentials: fakeCredentials(),
    hosts: testHosts(),
    clock: fakeClock(),
    signal: new AbortController().signal,
    random: () => 1,
    ...options,
  });
}

/** Runs it and hands back what it threw. */
export async function thrownBy(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
