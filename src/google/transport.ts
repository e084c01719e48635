import { HttpClient } from '@actions/http-client';
import { Agent, fetch as undiciFetch, type Dispatcher } from 'undici';

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
  text(): Promise<string>;
}

/** Longer than the longest pause between two polls of an operation, so that a wait of minutes costs one TLS handshake. */
const KEEP_ALIVE_MS = 30_000;

/**
 * The real thing: undici behind the proxy that `https_proxy`, `http_proxy` and `no_proxy` name, by the rules of
 * @actions/http-client, which every GitHub action follows (loopback never goes through a proxy). Node's own `fetch` ignores them.
 * Redirects are handed back, never followed: a token goes only to the host it was meant for.
 * @returns a `Fetch` that keeps its connections open between requests
 */
export function createFetch(): Fetch {
  const direct = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS });
  // One client for each scheme, since a client remembers one proxy only and the two schemes may have different ones.
  const clients = new Map<string, HttpClient>();
  const dispatcherFor = (url: string): Dispatcher => {
    const scheme = new URL(url).protocol;
    let client = clients.get(scheme);
    if (!client) {
      client = new HttpClient(undefined, undefined, { keepAlive: true });
      clients.set(scheme, client);
    }
    return client.getAgentDispatcher(url) ?? direct;
  };
  return (url, init) =>
    undiciFetch(url, {
      method: init.method,
      headers: init.headers,
      redirect: 'manual',
      dispatcher: dispatcherFor(url),
      ...(init.body === undefined ? {} : { body: init.body }),
      ...(init.signal === undefined ? {} : { signal: init.signal }),
    });
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
