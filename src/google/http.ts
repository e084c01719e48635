import pLimit from 'p-limit';
import type { Clock } from '../clock.js';
import type { Limiter } from '../limiter.js';
import { USER_AGENT } from '../version.js';
import { abortable, stoppedAfter, throwIfAborted } from './abort.js';
import { parseAnswer, type RawAnswer, type Shape } from './answer.js';
import type { Credentials } from './auth.js';
import { ApiError, codeOf, NetworkError, ProtocolError, type Exchange } from './errors.js';
import type { Api, Hosts } from './hosts.js';
import { ResourceNameError } from './names.js';
import { MAX_ATTEMPTS, mayHaveBeenSent, mayRetry, parseRetryAfter, retryDelay, type Retry } from './retry.js';
import { AnswerTooLong, type Fetch } from './transport.js';

export interface HttpRequest {
  readonly api: Api;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the API's root, starting with the version; its segments are encoded here. */
  readonly path: string;
  /** Entries that are undefined are left out. */
  /** A list is sent as one parameter of the same name for each item. */
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** `always` for GET, `never` for all others, unless said otherwise. */
  readonly retry?: Retry;
  /** What the answer must look like; without it any JSON object will do. */
  readonly shape?: Shape;
  /** For an API with a small quota: each try waits for its turn. */
  readonly pace?: Pace;
}

/** How often an API may be asked. */
export interface Pace {
  readonly limiter: Limiter;
  /** Shortest wait after a 429, in milliseconds: until a quota of this window counts anew. */
  readonly throttledMs: number;
}

/** One request and its JSON answer. */
export interface Http {
  /**
   * @returns the parsed answer, checked by the request's `shape`
   * @throws ApiError, NetworkError, ProtocolError, AuthError, TimeoutError or CancelledError, after the tries that were allowed
   */
  request<T>(request: HttpRequest): Promise<T>;
}

export interface HttpOptions {
  readonly fetch: Fetch;
  readonly credentials: Credentials;
  readonly hosts: Hosts;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch: a wait that would end later is not begun, and what went wrong is thrown at once. */
  readonly deadline?: number | undefined;
  /** Sent as `X-Goog-Request-Reason`, which ends up in audit logs. */
  readonly requestReason?: string | undefined;
  /** Called with one line per attempt: method, URL, status, milliseconds. Never a token or a body. */
  readonly log?: ((line: string) => void) | undefined;
  /** A number from 0 to 1, `Math.random` unless a test decides. */
  readonly random?: (() => number) | undefined;
  /** Longest time from sending one attempt to the last byte of its answer; 60 s. A token has its own limit. */
  readonly attemptTimeoutMs?: number;
}

/**
 * Requests in flight at a time: as many as a project and region may have engines or endpoints, so that a step of a full fleet
 * takes one round trip. Waits between tries do not count, or one throttled API would hold up the others.
 */
const CONCURRENCY = 100;
const ATTEMPT_TIMEOUT = 60_000;

/** The one HTTP stack under all clients: token, headers, retries, concurrency, errors. */
export function createHttp(options: HttpOptions): Http {
  const limit = pLimit(CONCURRENCY);
  const refused = new Set<string>();
  return {
    request: async <T>(request: HttpRequest): Promise<T> => {
      const url = urlOf(options.hosts, request);
      const attempt = (): Promise<T> => limit(() => attemptWithToken<T>(options, request, url, refused));
      const retry = request.retry ?? (request.method === 'GET' ? 'always' : 'never');
      for (let tries = 1; ; tries += 1) {
        // Not within `limit`: whoever waits for a quota would hold up the other APIs.
        await turn(options, request.pace);
        try {
          return await attempt();
        } catch (error) {
          if (tries >= MAX_ATTEMPTS || !mayRetry(error, retry)) throw error;
          const delay = retryDelay(error, tries, (options.random ?? Math.random)(), request.pace?.throttledMs);
          if (options.deadline !== undefined && options.clock.now() + delay > options.deadline) throw error;
          await pause(options, delay, error);
        }
      }
    },
  };
}

/**
 * One attempt; a token that Google refuses is replaced once. Many requests may be refused at the same time: the first one drops
 * the token, the others find it replaced (`refused` has the tokens that were dropped).
 */
async function attemptWithToken<T>(
  options: HttpOptions,
  request: HttpRequest,
  url: URL,
  refused: Set<string>,
): Promise<T> {
  const { credentials, signal } = options;
  const headers = await abortable(() => credentials.headers(url.href), signal);
  try {
    return await send<T>(options, request, url, headers);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    const authorization = headers.authorization ?? '';
    if (!refused.has(authorization)) {
      refused.add(authorization);
      credentials.invalidate();
    }
    const fresh = await abortable(() => credentials.headers(url.href), signal);
    // A fixed token stays what it is: asking again would only get the same answer.
    if (fresh.authorization === authorization) throw error;
    return await send<T>(options, request, url, fresh);
  }
}

async function send<T>(
  options: HttpOptions,
  request: HttpRequest,
  url: URL,
  credentialHeaders: Readonly<Record<string, string>>,
): Promise<T> {
  const { clock } = options;
  const exchange: Exchange = { method: request.method, url: `${url.origin}${url.pathname}`, api: request.api };
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const headers = {
    ...credentialHeaders,
    accept: 'application/json',
    'user-agent': USER_AGENT,
    'x-goog-api-client': `gl-node/${process.versions.node} ${USER_AGENT}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(options.requestReason ? { 'x-goog-request-reason': headerText(options.requestReason) } : {}),
  };
  const start = clock.now();
  const log = (outcome: string | number): void =>
    options.log?.(`${request.method} ${url.href} ${outcome} ${Math.round(clock.now() - start)} ms`);
  try {
    const answer = await exchangeOnce(options, exchange, url, headers, body);
    log(answer.status);
    if (answer.status < 200 || answer.status > 299) throw new ApiError(exchange, answer);
    return parseAnswer(exchange, answer, request.shape) as T;
  } catch (error) {
    if (error instanceof NetworkError) log(error.code ?? 'failed');
    throw error;
  }
}

interface Answer extends RawAnswer {
  readonly retryAfterMs: number | undefined;
}

/** Sends and reads to the last byte, within the time for one attempt. */
async function exchangeOnce(
  options: HttpOptions,
  exchange: Exchange,
  url: URL,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<Answer> {
  const { signal } = options;
  throwIfAborted(signal);
  const attempt = new AbortController();
  const timeout = options.attemptTimeoutMs ?? ATTEMPT_TIMEOUT;
  const timer = setTimeout(() => attempt.abort(), timeout);
  const onAbort = (): void => attempt.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  let status: number | undefined;
  try {
    const init = { method: exchange.method, headers, signal: attempt.signal, ...(body === undefined ? {} : { body }) };
    const response = await options.fetch(url.href, init);
    status = response.status;
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), options.clock.now());
    const contentType = response.headers.get('content-type');
    return { status, contentType, body: await response.text(), retryAfterMs };
  } catch (error) {
    if (signal.aborted) {
      throw stoppedAfter(new NetworkError(exchange, { message: 'the time was over', sent: true, status }), signal);
    }
    if (error instanceof AnswerTooLong) {
      throw new ProtocolError(`${exchange.method} ${exchange.url} answered ${status} with ${error.message}.`, exchange);
    }
    if (attempt.signal.aborted) {
      const message = `it took longer than ${timeout / 1000} s`;
      throw new NetworkError(exchange, { code: 'ETIMEDOUT', message, sent: true, status });
    }
    throw networkError(exchange, error, status);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function urlOf(hosts: Hosts, request: HttpRequest): URL {
  const url = new URL(hosts.root(request.api) + request.path.split('/').map(encodeSegment).join('/'));
  for (const [key, value] of Object.entries(request.query ?? {})) {
    for (const item of [value ?? []].flat()) url.searchParams.append(key, item);
  }
  return url;
}

/** Colons stay: custom methods (`:getIamPolicy`) and projects of a domain (`example.com:project`) have them. */
function encodeSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..') {
    throw new ResourceNameError(`A request's path must not have the segment "${segment}".`);
  }
  return encodeURIComponent(segment).replaceAll('%3A', ':').replaceAll('%40', '@');
}

/** A header takes printable ASCII; the rest is percent-encoded, so that no reason is lost or breaks the request. */
const headerText = (text: string): string =>
  text
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/[^\x20-\x7e]+/g, (other) => Buffer.from(other).toString('hex').toUpperCase().replace(/../g, '%$&'));

/** fetch says "fetch failed"; what failed is in the causes below, and the lowest one with a code knows best. */
function networkError(exchange: Exchange, error: unknown, status: number | undefined): NetworkError {
  let found = { code: codeOf(error), message: messageOf(error) };
  let cause = causeOf(error);
  for (let depth = 0; depth < 5 && cause !== undefined; depth += 1) {
    found = { code: codeOf(cause) ?? found.code, message: messageOf(cause) };
    cause = causeOf(cause);
  }
  // Node tries all addresses of a name and collects the failures in an AggregateError without a message.
  const message = found.message || (found.code ?? 'the connection failed');
  const sent = status !== undefined || mayHaveBeenSent(found.code);
  return new NetworkError(exchange, { code: found.code, message, sent, status });
}

const causeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'cause' in error ? error.cause : undefined;
const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : '';

async function turn({ signal }: HttpOptions, pace: Pace | undefined): Promise<void> {
  if (!pace) return;
  try {
    await pace.limiter.acquire(signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
}

async function pause({ clock, signal }: HttpOptions, ms: number, failure: unknown): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    throw signal.aborted ? stoppedAfter(failure, signal) : error;
  }
}
