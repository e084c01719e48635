import { Response } from 'undici';
import type { Clock } from '../clock.js';
import { throwIfAborted } from '../google/abort.js';
import { codeOf } from '../google/errors.js';
import { AnswerTooLong, type Fetch, type FetchResponse } from '../google/transport.js';
import type { Log } from '../log.js';
import { GitHubApiError, GitHubNetworkError, GitHubSetupError, type Exchange } from './errors.js';

export interface OctokitFetchOptions {
  readonly fetch: Fetch;
  /** Root of the API; requests go to its origin only. */
  readonly root: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** What octokit hands to its fetch. */
export interface OctokitRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** Longest time from sending one attempt to the last byte of its answer. */
const ATTEMPT_TIMEOUT = 15_000;
const MAX_REDIRECTS = 3;
/** The headers octokit, its throttling and this program look at. */
const HEADERS = ['content-type', 'link', 'retry-after', 'x-ratelimit-remaining', 'x-ratelimit-reset'];

/**
 * The program's own fetch (proxy, keep-alive, no redirects) in the form octokit wants, with a limit in time.
 * @returns a fetch that throws GitHubNetworkError, GitHubSetupError for an address that is not the API's, GitHubApiError for a
 * redirect that leads elsewhere, CancelledError or TimeoutError
 */
export function octokitFetch(options: OctokitFetchOptions): (url: string, init: OctokitRequest) => Promise<Response> {
  const { origin } = new URL(options.root);
  return async (url, init) => {
    if (!URL.canParse(url)) throw new GitHubSetupError('GitHub points to an address that is none.');
    let at = new URL(url);
    for (let hops = 0; ; hops += 1) {
      // A page's link or a redirect must not carry the token to another host.
      if (at.origin !== origin) throw new GitHubSetupError(`GitHub points to ${at.origin}, which is not its API.`);
      const exchange = { method: init.method, path: at.pathname };
      const { status, headers, body } = await once(options, exchange, at, init);
      if (status < 300 || status === 304 || status > 399) return responseOf(status, headers, body);
      const next = target(headers.get('location'), at);
      if (!next || hops >= MAX_REDIRECTS || !mayFollow(status, init.method)) {
        throw new GitHubApiError(exchange, status, 'a redirect that can not be followed');
      }
      at = next;
    }
  };
}

/** GitHub sends 301, 302 and 307 after a rename or transfer; only 307 and 308 promise that a write stays a write (RFC 9110). */
const mayFollow = (status: number, method: string): boolean =>
  status === 307 || status === 308 || (method === 'GET' && (status === 301 || status === 302));

function target(location: string | null, from: URL): URL | undefined {
  return location !== null && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: FetchResponse['headers'];
  readonly body: string;
}

async function once(options: OctokitFetchOptions, exchange: Exchange, url: URL, init: OctokitRequest): Promise<Answer> {
  const { clock, signal, log } = options;
  throwIfAborted(signal);
  const attempt = new AbortController();
  const abort = (): void => attempt.abort();
  const timer = setTimeout(abort, ATTEMPT_TIMEOUT);
  signal.addEventListener('abort', abort, { once: true });
  const start = clock.now();
  let status = 0;
  const say = (outcome: string | number): void =>
    log.debug(`${exchange.method} ${url.href} ${outcome} ${Math.round(clock.now() - start)} ms`);
  try {
    const { method, headers, body } = init;
    const response = await options.fetch(url.href, {
      method,
      headers,
      signal: attempt.signal,
      ...(body === undefined ? {} : { body }),
    });
    status = response.status;
    const answer = { status, headers: response.headers, body: await response.text() };
    say(answer.status);
    return answer;
  } catch (error) {
    throwIfAborted(signal);
    if (error instanceof AnswerTooLong) throw new GitHubApiError(exchange, status, `the answer has ${error.message}`);
    const timedOut = attempt.signal.aborted;
    const { code, message } = timedOut
      ? { code: 'ETIMEDOUT', message: `it took longer than ${ATTEMPT_TIMEOUT / 1000} s` }
      : deepest(error);
    say(code ?? 'failed');
    throw new GitHubNetworkError(exchange, code, message);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

// Of the package that sends requests here; the global one would load a second undici, Node's own, for some 25 ms of a processor.
function responseOf(status: number, headers: FetchResponse['headers'], body: string): Response {
  const known = HEADERS.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as [string, string]];
  });
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : body, { status, headers: known });
}

/** fetch says "fetch failed"; what failed is in the causes below it. */
function deepest(error: unknown): { code: string | undefined; message: string } {
  let found = { code: codeOf(error), message: error instanceof Error ? error.message : 'the connection failed' };
  let at = error;
  for (let depth = 0; depth < 5 && at instanceof Error && at.cause !== undefined; depth += 1) {
    at = at.cause;
    found = { code: codeOf(at) ?? found.code, message: (at instanceof Error && at.message) || found.message };
  }
  return found;
}
