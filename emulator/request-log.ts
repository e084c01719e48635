import type { FaultKind } from './faults/schema.js';

/** One request as the emulator saw it. Tokens are never kept: only who they were issued by. */
export interface RequestLogEntry {
  readonly n: number;
  readonly time: string;
  readonly api: string;
  readonly method: string;
  /** Path after the API's prefix, exactly Google's. */
  readonly path: string;
  /** Query parameters; a repeated one is joined by commas. */
  readonly query: Readonly<Record<string, string>>;
  /** 0 until the answer is known, and for ever when none was sent. */
  status: number;
  /** Would it change something in Google Cloud? */
  write: boolean;
  /** Absent on the token exchange, whose bodies are secrets. */
  body?: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** Did the API act on it? Not when it was refused at the gate or answered in the API's place. */
  carriedOut: boolean;
  /** What was made to go wrong with it, in order. */
  faults?: readonly { readonly id: string; readonly kind: FaultKind }[];
}

const KEPT_HEADERS = [
  'user-agent',
  'x-goog-user-project',
  'x-goog-request-reason',
  'x-goog-api-client',
  'content-type',
];

/** Starts the entry of a request that has just arrived. */
export function newEntry(
  n: number,
  time: string,
  api: string,
  request: Request,
  path: string,
  query: URLSearchParams,
): RequestLogEntry {
  const headers: Record<string, string> = { authorization: 'none' };
  for (const name of KEPT_HEADERS) {
    const value = request.headers.get(name);
    if (value !== null) headers[name] = value;
  }
  const names = [...new Set(query.keys())];
  return {
    n,
    time,
    api,
    method: request.method,
    path,
    query: Object.fromEntries(names.map((name) => [name, query.getAll(name).join(',')])),
    status: 0,
    write: request.method !== 'GET',
    headers,
    carriedOut: false,
  };
}

/** Says whose token the request carried. */
export function labelAuthorization(entry: RequestLogEntry, label: string): void {
  Reflect.set(entry.headers, 'authorization', label);
}
