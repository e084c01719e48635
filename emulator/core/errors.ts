/** The google.rpc codes with their HTTP status (googleapis `google/rpc/code.proto`). */
const CODES = {
  CANCELLED: { rpc: 1, http: 499 },
  UNKNOWN: { rpc: 2, http: 500 },
  INVALID_ARGUMENT: { rpc: 3, http: 400 },
  DEADLINE_EXCEEDED: { rpc: 4, http: 504 },
  NOT_FOUND: { rpc: 5, http: 404 },
  ALREADY_EXISTS: { rpc: 6, http: 409 },
  PERMISSION_DENIED: { rpc: 7, http: 403 },
  RESOURCE_EXHAUSTED: { rpc: 8, http: 429 },
  FAILED_PRECONDITION: { rpc: 9, http: 400 },
  ABORTED: { rpc: 10, http: 409 },
  OUT_OF_RANGE: { rpc: 11, http: 400 },
  UNIMPLEMENTED: { rpc: 12, http: 501 },
  INTERNAL: { rpc: 13, http: 500 },
  UNAVAILABLE: { rpc: 14, http: 503 },
  DATA_LOSS: { rpc: 15, http: 500 },
  UNAUTHENTICATED: { rpc: 16, http: 401 },
} as const;

export type StatusName = keyof typeof CODES;
export const STATUS_NAMES = Object.keys(CODES) as StatusName[];

/** The HTTP statuses Google's APIs answer errors with. */
export const HTTP_STATUSES = [400, 401, 403, 404, 409, 412, 429, 499, 500, 501, 503, 504] as const;
export type HttpStatus = (typeof HTTP_STATUSES)[number];

/** One entry of `details[]`, with its `@type`. */
export type ErrorDetail = { '@type': string } & Record<string, unknown>;

/** The bare `google.rpc.Status` inside a finished operation: numeric code, no `status` string. */
export interface RpcStatus {
  code: number;
  message: string;
  details?: ErrorDetail[];
}

/** An answer of a Google API that is an error; knows its two shapes, the HTTP envelope and the bare status of an operation. */
export class GoogleError extends Error {
  readonly status: StatusName;
  readonly details: ErrorDetail[];
  readonly httpStatus: number;

  /** @param httpStatus where an API answers with another one than the code's own */
  constructor(
    status: StatusName,
    message: string,
    details: ErrorDetail[] = [],
    httpStatus: HttpStatus = CODES[status].http,
  ) {
    super(message);
    this.name = 'GoogleError';
    this.status = status;
    this.details = details;
    this.httpStatus = httpStatus;
  }

  /** The `{"error": {code, message, status, details}}` body every Google API answers with. */
  envelope(): { error: Record<string, unknown> } {
    return {
      error: {
        code: this.httpStatus,
        message: this.message,
        status: this.status,
        ...(this.details.length > 0 ? { details: this.details } : {}),
      },
    };
  }

  rpcStatus(): RpcStatus {
    return {
      code: CODES[this.status].rpc,
      message: this.message,
      ...(this.details.length > 0 ? { details: this.details } : {}),
    };
  }
}

/** The status name of an rpc code, UNKNOWN for a number that is none. */
export function statusOfCode(code: number): StatusName {
  return STATUS_NAMES.find((name) => CODES[name].rpc === code) ?? 'UNKNOWN';
}

/** 400 INVALID_ARGUMENT, with a field violation when the field is known. */
export const invalid = (message: string, field?: string): GoogleError =>
  new GoogleError('INVALID_ARGUMENT', message, field === undefined ? [] : [badRequest(field, message)]);

/** 404 NOT_FOUND. */
export const notFound = (message: string): GoogleError => new GoogleError('NOT_FOUND', message);

/** 400 FAILED_PRECONDITION: the request is fine, the state of the world is not. */
export const failedPrecondition = (message: string, details: ErrorDetail[] = []): GoogleError =>
  new GoogleError('FAILED_PRECONDITION', message, details);

/** `google.rpc.ErrorInfo`: the machine-readable reason. */
export function errorInfo(reason: string, domain: string, metadata: Record<string, string>): ErrorDetail {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain, metadata };
}

/** `google.rpc.BadRequest` with one field violation. */
export function badRequest(field: string, description: string): ErrorDetail {
  return { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field, description }] };
}

/** `google.rpc.RetryInfo`: how long to wait before asking again. */
export function retryInfo(seconds: number): ErrorDetail {
  return { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${seconds}s` };
}

/** `google.rpc.QuotaFailure` with one violation. */
export function quotaFailure(subject: string, description: string): ErrorDetail {
  return { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ subject, description }] };
}
