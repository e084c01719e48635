import { describe, expect, it } from '@jest/globals';
import type { Clock } from '../../../src/clock.js';
import {
  ApiError,
  AuthError,
  CancelledError,
  NetworkError,
  ProtocolError,
  TimeoutError,
} from '../../../src/google/errors.js';
import type { HttpRequest } from '../../../src/google/http.js';
import { ResourceNameError } from '../../../src/google/names.js';
import { parseRetryAfter } from '../../../src/google/retry.js';
import { VERSION } from '../../../src/version.js';
import { errorAnswer, fakeClock, fakeCredentials, fakeFetch, testHttp, thrownBy, type Answer } from './fakes.js';

const get: HttpRequest = { api: 'iap', method: 'GET', path: 'v1/things' };
const post: HttpRequest = { api: 'iap', method: 'POST', path: 'v1/things', body: { a: 1 } };
const connectionError = (code: string): Error =>
  new TypeError('fetch failed', { cause: Object.assign(new Error(`connect ${code}`), { code }) });

/** How many tries a request takes against a server that always answers like this. */
async function triesOf(request: HttpRequest, answer: Answer): Promise<number> {
  const { fetch, calls } = fakeFetch(answer);
  await thrownBy(() => testHttp({ fetch }).request(request));
  return calls.length;
}

describe('what is sent', () => {
  it('has token, agent, reason and JSON', async () => {
    const { fetch, calls } = fakeFetch({ json: { ok: true } });
    const http = testHttp({ fetch, requestReason: '  change\r\n#7 für Ünal ' });
    expect(await http.request({ ...post, query: { updateMask: 'a,b', pageToken: undefined } })).toEqual({ ok: true });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({
      url: 'https://iap.googleapis.com/v1/things?updateMask=a%2Cb',
      method: 'POST',
      body: '{"a":1}',
      headers: {
        authorization: 'Bearer token-1',
        accept: 'application/json',
        'content-type': 'application/json',
        'user-agent': `bind-agent-gateway/${VERSION}`,
        'x-goog-api-client': `gl-node/${process.versions.node} bind-agent-gateway/${VERSION}`,
        'x-goog-request-reason': 'change #7 f%C3%BCr %C3%9Cnal',
      },
    });
  });

  it('has no body and no reason when there is none', async () => {
    const { fetch, calls } = fakeFetch({});
    await testHttp({ fetch }).request(get);
    expect(calls[0]?.body).toBeUndefined();
    expect(Object.keys(calls[0]?.headers ?? {}).sort()).toEqual([
      'accept',
      'authorization',
      'user-agent',
      'x-goog-api-client',
    ]);
  });

  it('encodes what could lead elsewhere, and keeps custom methods', async () => {
    const { fetch, calls } = fakeFetch({});
    const http = testHttp({ fetch });
    await http.request({ ...get, path: 'v1/projects/example.com:p/a?b#c%2F/x:getIamPolicy' });
    expect(calls[0]?.url).toBe('https://iap.googleapis.com/v1/projects/example.com:p/a%3Fb%23c%252F/x:getIamPolicy');
    for (const path of ['v1/../x', 'v1//x', 'v1/./x', '']) {
      expect(await thrownBy(() => http.request({ ...get, path }))).toBeInstanceOf(ResourceNameError);
    }
    expect(calls).toHaveLength(1);
  });
});

describe('retries', () => {
  it.each([408, 429, 500, 502, 503, 504])('a read is tried again on %i', async (status) => {
    expect(await triesOf(get, { status })).toBe(8);
  });

  it.each([301, 302, 400, 403, 404, 409, 412, 501])('a read is not tried again on %i', async (status) => {
    expect(await triesOf(get, { status, headers: { location: 'https://evil.example/' } })).toBe(1);
  });

  it.each([
    [429, 8],
    [503, 8],
    [500, 1],
    [502, 1],
    [504, 1],
    [408, 1],
  ])('a write that must be rejected to be sent again: %i takes %i tries', async (status, tries) => {
    expect(await triesOf({ ...post, retry: 'rejected' }, { status })).toBe(tries);
  });

  it('a write is not sent again unless it says so', async () => {
    expect(await triesOf(post, { status: 429 })).toBe(1);
    expect(await triesOf(post, connectionError('ECONNREFUSED'))).toBe(1);
    expect(await triesOf({ ...post, retry: 'always' }, { status: 502 })).toBe(8);
  });

  it.each([
    ['ECONNRESET', 8, 1],
    ['UND_ERR_SOCKET', 8, 1],
    ['ECONNREFUSED', 8, 8],
    ['ENOTFOUND', 8, 8],
    ['UND_ERR_CONNECT_TIMEOUT', 8, 8],
    ['CERT_HAS_EXPIRED', 1, 1],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 1, 1],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 1, 1],
  ])('%s: a read takes %i tries, a write %i', async (code, read, write) => {
    expect(await triesOf(get, connectionError(code))).toBe(read);
    expect(await triesOf({ ...post, retry: 'rejected' }, connectionError(code))).toBe(write);
  });

  it('truncated JSON on a success: read again, but never write again', async () => {
    const truncated = { body: '{"reasoningEngines":[{' };
    const { fetch, calls } = fakeFetch(truncated, { body: '' }, { json: { ok: 1 } });
    expect(await testHttp({ fetch }).request(get)).toEqual({ ok: 1 });
    expect(calls).toHaveLength(3);
    expect(await triesOf({ ...post, retry: 'rejected' }, truncated)).toBe(1);
    expect(await thrownBy(() => testHttp(fakeFetch(truncated)).request(post))).toBeInstanceOf(ProtocolError);
  });

  it('takes 204 as an empty answer', async () => {
    expect(await testHttp(fakeFetch({ status: 204, body: '' })).request(post)).toEqual({});
  });

  it('waits 1 s, doubled up to 32 s, times the random number', async () => {
    const clock = fakeClock();
    await thrownBy(() => testHttp({ ...fakeFetch({ status: 500 }), clock }).request(get));
    expect(clock.slept).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 32000]);
    const jittered = fakeClock();
    await thrownBy(() => testHttp({ ...fakeFetch({ status: 500 }), clock: jittered, random: () => 0.25 }).request(get));
    expect(jittered.slept).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000]);
  });

  it('waits as long as the server says: Retry-After, else RetryInfo', async () => {
    const clock = fakeClock();
    const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '5s' };
    const limited = errorAnswer(429, 'RESOURCE_EXHAUSTED', 'slow down', [retryInfo]);
    const { fetch } = fakeFetch(
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 503, headers: { 'retry-after': new Date(clock.now() + 7000 + 11_000).toUTCString() } },
      limited,
      { ...limited, headers: { 'retry-after': '2' } },
      { json: {} },
    );
    await testHttp({ fetch, clock }).request(get);
    expect(clock.slept).toEqual([7000, 11_000, 5000, 2000]);
  });

  it('does not use up its tries at once because a server asks for no patience', async () => {
    const clock = fakeClock();
    const hurry = { status: 503, headers: { 'retry-after': '0' } };
    await thrownBy(() => testHttp({ ...fakeFetch(hurry), clock }).request(get));
    expect(clock.slept).toEqual([1000, 2000, 4000, 8000, 16000, 32000, 32000]);
  });

  it('does not wait for hours because a server says so', async () => {
    expect(await triesOf(get, { status: 429, headers: { 'retry-after': '3600' } })).toBe(1);
  });

  it('throws what went wrong rather than begin a wait that ends after the deadline', async () => {
    const clock = fakeClock();
    const { fetch, calls } = fakeFetch({ status: 503 });
    const error = await thrownBy(() => testHttp({ fetch, clock, deadline: clock.now() + 6500 }).request(get));
    expect(error).toMatchObject({ name: 'ApiError', status: 503 });
    expect(calls).toHaveLength(3);
  });
});

describe('tokens', () => {
  const denied = errorAnswer(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');

  it('a refused one is replaced once, for writes too', async () => {
    const credentials = fakeCredentials();
    const { fetch, calls } = fakeFetch(denied, { json: { ok: 1 } });
    expect(await testHttp({ fetch, credentials }).request(post)).toEqual({ ok: 1 });
    expect(calls.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('a second refusal is final', async () => {
    const { fetch, calls } = fakeFetch(denied);
    expect(await thrownBy(() => testHttp({ fetch }).request(get))).toMatchObject({ name: 'ApiError', status: 401 });
    expect(calls).toHaveLength(2);
  });

  it('a fixed one is not sent twice', async () => {
    const { fetch, calls } = fakeFetch(denied);
    const credentials = { ...fakeCredentials(), headers: () => Promise.resolve({ authorization: 'Bearer fixed' }) };
    expect(await thrownBy(() => testHttp({ fetch, credentials }).request(get))).toBeInstanceOf(ApiError);
    expect(calls).toHaveLength(1);
  });

  it('a late refusal of an old token does not cost the new one', async () => {
    const credentials = fakeCredentials();
    const bad = new Set(['Bearer token-1', 'Bearer token-2']);
    let release = (): void => undefined;
    const late = new Promise<void>((resolve) => (release = resolve));
    const http = testHttp({
      credentials,
      fetch: async (url, { headers }) => {
        const { authorization = '' } = headers;
        if (url.endsWith('late') && authorization === 'Bearer token-1') await late;
        const status = bad.has(authorization) ? 401 : 200;
        return { status, headers: { get: () => null }, text: () => Promise.resolve('{}') };
      },
    });
    const straggler = http.request({ ...get, path: 'v1/late' });
    // Token 1 is refused and replaced by token 2, which is refused as well.
    await thrownBy(() => http.request(get));
    expect(await http.request(get)).toEqual({});
    expect(credentials.invalidated).toBe(2);
    release();
    expect(await straggler).toEqual({});
    expect(credentials.invalidated).toBe(2);
  });

  it('many requests refused at once fetch one new token', async () => {
    const credentials = fakeCredentials();
    const { fetch } = fakeFetch(...Array.from({ length: 10 }, () => denied), { json: {} });
    const http = testHttp({ fetch, credentials });
    await Promise.all(Array.from({ length: 10 }, () => http.request(get)));
    expect(credentials.invalidated).toBe(1);
  });

  it('a token endpoint that stumbles is asked again, one that says no is not', async () => {
    const failing = (problem: AuthError): { tries: number; http: ReturnType<typeof testHttp> } => {
      const state = { tries: 0, http: testHttp(fakeFetch({})) };
      const headers = (): Promise<Record<string, string>> => {
        state.tries += 1;
        return state.tries < 3 ? Promise.reject(problem) : Promise.resolve({ authorization: 'Bearer x' });
      };
      state.http = testHttp({ ...fakeFetch({}), credentials: { ...fakeCredentials(), headers } });
      return state;
    };
    const stumbling = failing(new AuthError('rejected', 'x', 503));
    expect(await stumbling.http.request(post)).toEqual({});
    expect(stumbling.tries).toBe(3);
    const refusing = failing(new AuthError('rejected', 'x', 403));
    expect(await thrownBy(() => refusing.http.request(get))).toBeInstanceOf(AuthError);
    expect(refusing.tries).toBe(1);
  });
});

describe('stopping', () => {
  it('an aborted signal ends a request in flight, a wait and a queue', async () => {
    const controller = new AbortController();
    const started: string[] = [];
    const http = testHttp({
      signal: controller.signal,
      fetch: (url, init) => {
        started.push(url);
        return new Promise((_resolve, reject) => {
          init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        });
      },
    });
    const requests = Array.from({ length: 120 }, () => thrownBy(() => http.request(get)));
    await new Promise((resolve) => setTimeout(resolve, 10));
    controller.abort();
    for (const error of await Promise.all(requests)) expect(error).toBeInstanceOf(CancelledError);
    expect(started).toHaveLength(100);
    expect(await thrownBy(() => http.request(get))).toBeInstanceOf(CancelledError);
    expect(started).toHaveLength(100);
  });

  it('a wait between tries ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new TimeoutError('30 minutes are over.');
    const clock: Clock = {
      now: () => 0,
      sleep: (_ms, signal) => {
        controller.abort(reason);
        return Promise.reject(signal?.reason as Error);
      },
    };
    const error = await thrownBy(() =>
      testHttp({ ...fakeFetch({ status: 503 }), clock, signal: controller.signal }).request(get),
    );
    expect(error).toMatchObject({ name: 'TimeoutError', message: '30 minutes are over.', cause: { status: 503 } });
  });

  it('asks for no token any more, which nobody would hear fail', async () => {
    const controller = new AbortController();
    let asked = 0;
    const headers = (): Promise<Record<string, string>> => {
      asked += 1;
      controller.abort();
      return Promise.reject(new AuthError('unreachable', 'no'));
    };
    const http = testHttp({
      ...fakeFetch({}),
      signal: controller.signal,
      credentials: { ...fakeCredentials(), headers },
    });
    const requests = Array.from({ length: 40 }, () => thrownBy(() => http.request(get)));
    await Promise.all(requests);
    expect(asked).toBe(1);
  });

  it('a token that does not come does not hold it up', async () => {
    const controller = new AbortController();
    const headers = (): Promise<Record<string, string>> => new Promise(() => undefined);
    const http = testHttp({
      ...fakeFetch({}),
      signal: controller.signal,
      credentials: { ...fakeCredentials(), headers },
    });
    setTimeout(() => controller.abort(), 10);
    expect(await thrownBy(() => http.request(get))).toBeInstanceOf(CancelledError);
  });

  it('an attempt that takes too long counts as no answer', async () => {
    let calls = 0;
    const http = testHttp({
      attemptTimeoutMs: 20,
      fetch: (_url, init) => {
        calls += 1;
        return new Promise((_resolve, reject) => {
          init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
        });
      },
    });
    const error = await thrownBy(() => http.request({ ...post, retry: 'rejected' }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error).toMatchObject({ code: 'ETIMEDOUT', sent: true });
    expect(calls).toBe(1);
  });

  it('a body that never ends is an attempt that takes too long', async () => {
    const http = testHttp({
      attemptTimeoutMs: 20,
      fetch: (_url, init) =>
        Promise.resolve({
          status: 200,
          headers: { get: () => null },
          text: () =>
            new Promise((_resolve, reject) => {
              init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
            }),
        }),
    });
    expect(await thrownBy(() => http.request(post))).toMatchObject({ name: 'NetworkError', code: 'ETIMEDOUT' });
  });
});

describe('concurrency', () => {
  it('keeps 100 requests in flight, no more', async () => {
    let now = 0;
    let most = 0;
    const http = testHttp({
      fetch: async () => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 2));
        now -= 1;
        return { status: 200, headers: { get: () => null }, text: () => Promise.resolve('{}') };
      },
    });
    await Promise.all(Array.from({ length: 250 }, () => http.request(get)));
    expect(most).toBe(100);
  });
});

describe('errors and the log', () => {
  it('an error names the exchange without the query', async () => {
    const { fetch } = fakeFetch(errorAnswer(404, 'NOT_FOUND', 'Not there.'));
    const error = await thrownBy(() => testHttp({ fetch }).request({ ...get, query: { pageToken: 'secret' } }));
    expect(error).toMatchObject({
      api: 'iap',
      method: 'GET',
      url: 'https://iap.googleapis.com/v1/things',
      status: 404,
    });
    expect(String(error)).not.toContain('secret');
  });

  it('finds the cause below "fetch failed", also when all addresses failed', async () => {
    const cause = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    const error = await thrownBy(() => testHttp(fakeFetch(new TypeError('fetch failed', { cause }))).request(post));
    expect(error).toMatchObject({ name: 'NetworkError', code: 'ECONNREFUSED', sent: false });
    const plain = await thrownBy(() => testHttp(fakeFetch(new Error('odd'))).request(post));
    expect(plain).toMatchObject({ name: 'NetworkError', code: undefined, sent: true });
  });

  it('has one line per attempt, never a token or a body', async () => {
    const lines: string[] = [];
    const { fetch } = fakeFetch({ status: 503 }, connectionError('ECONNRESET'), { json: { secret: 'in the answer' } });
    const request: HttpRequest = {
      ...post,
      query: { requestId: 'r' },
      body: { secret: 'in the request' },
      retry: 'always',
    };
    await testHttp({ fetch, log: (line) => lines.push(line) }).request(request);
    expect(lines).toEqual([
      'POST https://iap.googleapis.com/v1/things?requestId=r 503 0 ms',
      'POST https://iap.googleapis.com/v1/things?requestId=r ECONNRESET 0 ms',
      'POST https://iap.googleapis.com/v1/things?requestId=r 200 0 ms',
    ]);
  });
});

describe('parseRetryAfter', () => {
  const now = Date.parse('2026-11-22T20:00:00Z');

  it.each([
    ['7', 7000],
    ['0', 0],
    ['Sun, 22 Nov 2026 20:00:30 GMT', 30_000],
    ['Sun, 22 Nov 2026 19:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['', undefined],
    [null, undefined],
  ])('%j', (value, ms) => {
    expect(parseRetryAfter(value, now)).toBe(ms);
  });
});
