import { HttpClient } from '@actions/http-client';
import { Agent, request, type Dispatcher } from 'undici';

/** The little of `fetch` that this program uses; tests pass their own. */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

export interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

export interface FetchResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** @throws AnswerTooLong when the answer is longer than any that Google or GitHub sends */
  text(): Promise<string>;
}

/** A page of a hundred engines has some megabytes at most, and a policy less than one. */
const MOST_BYTES = 32 * 1024 * 1024;

/** An answer without an end would take all of the memory. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';

  constructor(mostBytes: number) {
    super(`more than ${mostBytes / 1024 / 1024} MB`);
  }
}

/** Longer than the longest pause between two polls of an operation, so that a wait of minutes costs one TLS handshake. */
const KEEP_ALIVE_MS = 30_000;

/** Reads to the end, or to the limit. */
async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    // Leaving the loop ends the connection.
    if (bytes > MOST_BYTES) throw new AnswerTooLong(MOST_BYTES);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/**
 * The real thing: undici behind the proxy that `https_proxy`, `http_proxy` and `no_proxy` name, by the rules of
 * @actions/http-client, which every GitHub action follows (loopback never goes through a proxy). Node's own `fetch` ignores them.
 * undici's `request` does what its `fetch` does here at half the processor time, which is what a fleet of requests waits for.
 * Redirects are handed back, never followed: a token goes only to the host it was meant for.
 * @returns a `Fetch` that keeps its connections open between requests
 */
export function createFetch(): Fetch {
  const direct = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS });
  // One client for each scheme, since a client remembers one proxy only and the two schemes may have different ones.
  const clients = new Map<string, HttpClient>();
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcherFor = (url: string): Dispatcher => {
    const { origin, protocol } = new URL(url);
    const known = dispatchers.get(origin);
    if (known) return known;
    const client = clients.get(protocol) ?? new HttpClient(undefined, undefined, { keepAlive: true });
    clients.set(protocol, client);
    const dispatcher: Dispatcher = client.getAgentDispatcher(url) ?? direct;
    dispatchers.set(origin, dispatcher);
    return dispatcher;
  };
  return async (url, init) => {
    const { statusCode, headers, body } = await request(url, {
      method: init.method as Dispatcher.HttpMethod,
      headers: init.headers,
      dispatcher: dispatcherFor(url),
      ...(init.body === undefined ? {} : { body: init.body }),
      ...(init.signal === undefined ? {} : { signal: init.signal }),
    });
    const get = (name: string): string | null => [headers[name] ?? null].flat().join(', ') || null;
    return { status: statusCode, headers: { get }, text: () => textOf(body) };
  };
}

/**
 * Answers without the secrets that this run knows: an error that quotes a token would carry it into a comment or a plan file,
 * where nobody masks it.
 * @param secrets may grow while the run goes on
 */
export function withoutSecrets(send: Fetch, secrets: ReadonlySet<string>): Fetch {
  return async (url, init) => {
    const response = await send(url, init);
    const text = async (): Promise<string> => {
      let body = await response.text();
      for (const secret of secrets) body = body.replaceAll(secret, '***');
      return body;
    };
    return { status: response.status, headers: response.headers, text };
  };
}
