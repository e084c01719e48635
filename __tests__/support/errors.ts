import { ApiError, NetworkError } from '../../src/google/errors.js';

export interface ErrorParts {
  readonly api?: string;
  readonly method?: string;
  readonly url?: string;
  readonly message?: string;
  /** `reason` of the ErrorInfo detail. */
  readonly reason?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

const exchangeOf = ({ api = 'aiplatform', method = 'GET', url = 'https://example.test/v1/thing' }: ErrorParts) => ({
  api,
  method,
  url,
});

/** What Google answers when it says no. */
export function apiError(status: number, rpcStatus: string, parts: ErrorParts = {}): ApiError {
  const { message = `the message of ${rpcStatus}`, reason, metadata } = parts;
  const info = { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, metadata };
  const error = { code: status, message, status: rpcStatus, ...(reason === undefined ? {} : { details: [info] }) };
  return new ApiError(exchangeOf(parts), { status, body: JSON.stringify({ error }) });
}

export const notFound = (): ApiError => apiError(404, 'NOT_FOUND');
export const aborted = (): ApiError => apiError(409, 'ABORTED');

/** A connection that broke after the request had been sent. */
export function reset(parts: ErrorParts = {}): NetworkError {
  return new NetworkError(exchangeOf(parts), { code: 'ECONNRESET', message: 'the connection was reset', sent: true });
}

/** No answer in the time for one attempt: the request may still be carried out. */
export function tooLate(parts: ErrorParts = {}): NetworkError {
  return new NetworkError(exchangeOf(parts), { code: 'ETIMEDOUT', message: 'it took longer than 60 s', sent: true });
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
