import { ApiError, AuthError, NetworkError, ProtocolError } from './errors.js';

/**
 * When a request may be sent again. `always`: sending it twice does no harm (reads, and writes with a request ID).
 * `rejected`: only when Google certainly did not take it (429, 503, or it never left). `throttled`: the same without 503,
 * for writes that are worse done twice than not at all: a front end may say 503 about a write that was carried out.
 * `never`: not at all.
 */
export type Retry = 'always' | 'rejected' | 'throttled' | 'never';

/** Tries of one request, the first included. */
export const MAX_ATTEMPTS = 8;

const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 32_000;
/** A server that asks for more patience than this is out of quota for today: fail and say so. */
const LONGEST_SERVER_DELAY = 300_000;

const STATUSES: Readonly<Record<Retry, ReadonlySet<number>>> = {
  always: new Set([408, 429, 500, 502, 503, 504]),
  rejected: new Set([429, 503]),
  throttled: new Set([429]),
  never: new Set(),
};

/** @returns true when another try is allowed by `retry` and may go better than this one */
export function mayRetry(error: unknown, retry: Retry): boolean {
  // Without a token nothing was sent, so this holds for every kind of request.
  if (error instanceof AuthError) return error.transient;
  if (retry === 'never') return false;
  if (error instanceof ApiError) {
    if ((error.retryDelayMs ?? 0) > LONGEST_SERVER_DELAY) return false;
    return STATUSES[retry].has(error.status);
  }
  if (error instanceof NetworkError) return !isCertificateProblem(error.code) && (retry === 'always' || !error.sent);
  return error instanceof ProtocolError && error.transient && retry === 'always';
}

/**
 * How long to wait before the next try: what the server asked for, else exponential from 1 s to 32 s with full jitter
 * (a random part of it, so that runs that were throttled together do not come back together). A server that asks for less than
 * a second gets more patience, or all tries would be used up at once.
 * @param attempt tries so far, from 1
 * @param random a number from 0 to 1
 * @param throttledMs shortest wait after a 429, of an API whose quota is small; a random quarter is added
 */
export function retryDelay(error: unknown, attempt: number, random: number, throttledMs?: number): number {
  const asked = error instanceof ApiError ? (error.retryDelayMs ?? 0) : 0;
  if (throttledMs !== undefined && error instanceof ApiError && error.status === 429) {
    return Math.max(asked, throttledMs) + random * (throttledMs / 4);
  }
  if (asked >= FIRST_DELAY) return asked;
  return Math.max(asked, random * Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY));
}

/**
 * Reads a `Retry-After` header: seconds or an HTTP date (RFC 9110, 10.2.3).
 * @returns milliseconds from `now`, never negative; undefined when there is none or it can't be read
 */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  // Date.parse takes almost anything with a digit in it; an HTTP date starts with the name of a day.
  const date = /^[A-Z][a-z]{2,8}, /.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Codes of failures before a single byte of the request was sent. */
const NEVER_SENT: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);

/** @returns false when a failure with this code happens before anything is sent */
export const mayHaveBeenSent = (code: string | undefined): boolean =>
  code === undefined || !(NEVER_SENT.has(code) || isCertificateProblem(code));

/** Node passes OpenSSL's names on: CERT_HAS_EXPIRED, DEPTH_ZERO_SELF_SIGNED_CERT, UNABLE_TO_VERIFY_LEAF_SIGNATURE, ... */
const isCertificateProblem = (code: string | undefined): boolean =>
  code !== undefined && /(?:^|_)CERT(?:_|$)|_SIGNATURE$|CERT_ALTNAME/.test(code);
