import { errorBodyOf, parseErrorBody, rpcNameOf, type ErrorDetail } from './error-body.js';
import type { RpcStatus } from './types.js';

/**
 * Everything src/google throws. Callers ask for the class, a field or one of the guards below, never for words of a message:
 * messages are for people and Google rewords its own.
 */
export abstract class GoogleError extends Error {}

/** The HTTP exchange an error belongs to. `url` never carries the query: it may hold page tokens and is of no use to a reader. */
export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** Which API was called: `aiplatform`, `iap`, ... */
  readonly api: string;
}

/** Google answered, and the answer was an error status (or a redirect, which is never followed with a token). */
export class ApiError extends GoogleError {
  override readonly name = 'ApiError';
  readonly method: string;
  readonly url: string;
  readonly api: string;
  /** HTTP status. */
  readonly status: number;
  /** google.rpc.Code name such as `NOT_FOUND`; absent when the body did not say. */
  readonly rpcStatus: string | undefined;
  /** `reason` of the ErrorInfo detail, such as `SERVICE_DISABLED`. */
  readonly reason: string | undefined;
  /** `metadata` of the ErrorInfo detail; empty without one. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What Google said, in one line. Text from outside: escape it for where it is printed. */
  readonly googleMessage: string;
  readonly details: readonly ErrorDetail[];
  /** True when the body was the API's own error; else a front end or a proxy may have spoken, which knows of no resources. */
  readonly isFromApi: boolean;
  /** How long to wait before trying again: `Retry-After`, else the RetryInfo detail. */
  readonly retryDelayMs: number | undefined;

  constructor(exchange: Exchange, answer: { status: number; body: string; retryAfterMs?: number | undefined }) {
    const parsed = parseErrorBody(answer.body);
    const label = [answer.status, parsed.status].filter(Boolean).join(' ');
    super(`${exchange.method} ${exchange.url} answered ${label}: ${parsed.message}`);
    this.method = exchange.method;
    this.url = exchange.url;
    this.api = exchange.api;
    this.status = answer.status;
    this.rpcStatus = parsed.status;
    this.reason = parsed.reason;
    this.metadata = parsed.metadata;
    this.googleMessage = parsed.message;
    this.details = parsed.details;
    this.isFromApi = parsed.isEnvelope;
    this.retryDelayMs = answer.retryAfterMs ?? parsed.retryDelayMs;
  }
}

/** No answer came, or only the start of one: name resolution, connection, TLS, a reset, or an attempt that took too long. */
export class NetworkError extends GoogleError {
  override readonly name = 'NetworkError';
  readonly method: string;
  readonly url: string;
  readonly api: string;
  /** Node's or undici's code, such as `ECONNRESET`; `ETIMEDOUT` when an attempt took too long. */
  readonly code: string | undefined;
  /** False when the request certainly never left this machine, so that even a write may be sent again. */
  readonly sent: boolean;

  /** @param failure.status HTTP status, when that much of the answer came */
  constructor(
    exchange: Exchange,
    failure: { code?: string | undefined; message: string; sent: boolean; status?: number | undefined },
  ) {
    const what = failure.status === undefined ? 'got no answer' : `answered ${failure.status} and broke off`;
    const code = failure.code !== undefined && !failure.message.includes(failure.code) ? ` (${failure.code})` : '';
    super(`${exchange.method} ${exchange.url} ${what}: ${failure.message}${code}`);
    this.method = exchange.method;
    this.url = exchange.url;
    this.api = exchange.api;
    this.code = failure.code;
    this.sent = failure.sent;
  }
}

/** An answer that says success and makes no sense: truncated JSON, a web page, fields of other types, a list without an end. */
export class ProtocolError extends GoogleError {
  override readonly name = 'ProtocolError';
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly api: string | undefined;
  /** True when the answer was damaged on its way, so that another one may be whole; false when the server means it. */
  readonly transient: boolean;

  constructor(message: string, exchange?: Exchange, transient = false) {
    super(message);
    this.method = exchange?.method;
    this.url = exchange?.url;
    this.api = exchange?.api;
    this.transient = transient;
  }
}

/**
 * `missing`: no credentials at all. `gone`: the file GOOGLE_APPLICATION_CREDENTIALS names is not there. `unreadable`: it is no
 * credentials file. `universe`: it belongs to another universe. `rejected`: a token endpoint said no. `unreachable`: it said nothing.
 * `malformed`: it said something that is no token.
 */
export type AuthProblem = 'missing' | 'gone' | 'unreadable' | 'universe' | 'rejected' | 'unreachable' | 'malformed';

/**
 * There is no token to send. It has no `cause`: the auth library's errors hold the request, and with it the OIDC token.
 */
export class AuthError extends GoogleError {
  override readonly name = 'AuthError';
  readonly problem: AuthProblem;
  /** HTTP status of the token endpoint, when it answered. */
  readonly status: number | undefined;
  /** True when asking again may help: no answer or a broken one, 429 or a server error. */
  readonly transient: boolean;

  constructor(problem: AuthProblem, message: string, status?: number) {
    super(message);
    this.problem = problem;
    this.status = status;
    this.transient = ['unreachable', 'malformed'].includes(problem) || status === 429 || (status ?? 0) >= 500;
  }
}

/** What an AuthError says of an answer without a token in it. */
export const MALFORMED_TOKEN = 'No token for Google Cloud: a token endpoint answered something that is no token.';

/** The time the run was given is over. */
export class TimeoutError extends GoogleError {
  override readonly name = 'TimeoutError';
}

/** The run was told to stop (SIGINT, SIGTERM, a cancelled workflow). */
export class CancelledError extends GoogleError {
  override readonly name = 'CancelledError';

  constructor(message = 'The run was cancelled.') {
    super(message);
  }
}

/** A long-running operation ended in an error. */
export class OperationError extends GoogleError {
  override readonly name = 'OperationError';
  readonly operation: string;
  /** google.rpc.Code number, not an HTTP status: 13 is INTERNAL. */
  readonly code: number | undefined;
  readonly rpcMessage: string;
  readonly details: readonly ErrorDetail[];

  constructor(operation: string, error: RpcStatus) {
    const name = rpcNameOf(error.code);
    const label = [name, error.code === undefined ? undefined : `(${error.code})`].filter(Boolean).join(' ');
    const message = error.message ?? '';
    super(`Operation ${operation} ended in an error${label ? ` ${label}` : ''}${message ? `: ${message}` : ''}`);
    this.operation = operation;
    this.code = error.code;
    this.rpcMessage = message;
    this.details = error.details ?? [];
  }
}

/** What a refusal says to programs. */
export interface Refusal {
  /** google.rpc.Code name. */
  readonly status: string | undefined;
  /** `reason` of the ErrorInfo detail. */
  readonly reason: string | undefined;
}

/** @returns what Google refused a write with, at once or as the end of its operation; undefined for any other error */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof ApiError) return error.isFromApi ? { status: error.rpcStatus, reason: error.reason } : undefined;
  if (!(error instanceof OperationError)) return undefined;
  const { reason } = errorBodyOf({ error: { details: error.details } });
  return { status: rpcNameOf(error.code), reason };
}

/** The resource does not exist, or the caller may not know that it does. Only the API itself knows: a web page with 404 is no proof. */
export const isNotFound = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 404 && error.isFromApi;

/** Something changed in between (stale etag): read again and try again. 412 is what some Google front ends say instead of ABORTED. */
export const isConflict = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.status === 412 || (error.status === 409 && error.rpcStatus !== 'ALREADY_EXISTS'));

/**
 * A write may or may not have been carried out (no answer, one that makes no sense, or a server error): look at the resource before
 * trying again.
 */
export const isUncertain = (error: unknown): boolean =>
  error instanceof NetworkError || error instanceof ProtocolError || (error instanceof ApiError && error.status >= 500);

/** Nobody answered in time: what was asked for may still be carried out, at any later moment. */
export const isLate = (error: unknown): boolean =>
  error instanceof NetworkError && error.sent && error.code === 'ETIMEDOUT';

/** The resource to create is already there: switch to get and patch. */
export const isAlreadyExists = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 409 && error.rpcStatus === 'ALREADY_EXISTS';

/**
 * The API is not enabled in the project (403 with ErrorInfo reason `SERVICE_DISABLED`; `accessNotConfigured` in the older form).
 * `metadata.service` and `metadata.consumer` say which and where.
 */
export const isApiDisabled = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.reason === 'SERVICE_DISABLED' || error.reason === 'accessNotConfigured');

/** The caller lacks a permission. A disabled API also answers 403, and so does a proxy with a page of its own: not meant here. */
export const isPermissionDenied = (error: unknown): error is ApiError =>
  error instanceof ApiError && error.status === 403 && error.isFromApi && !isApiDisabled(error);

/**
 * Why a signal was aborted, as one of the errors above.
 * @returns the signal's own reason when it is ours, TimeoutError for `AbortSignal.timeout`, else CancelledError
 */
export function abortError(signal: AbortSignal): GoogleError {
  const reason: unknown = signal.reason;
  if (reason instanceof GoogleError) return reason;
  if (reason instanceof DOMException && reason.name === 'TimeoutError')
    return new TimeoutError('The time for this run is over.');
  return new CancelledError();
}

/** @returns the `code` that Node's and undici's errors carry, such as `ENOENT` or `UND_ERR_SOCKET` */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
