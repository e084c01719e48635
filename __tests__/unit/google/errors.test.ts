import { describe, expect, it } from '@jest/globals';
import {
  abortError,
  ApiError,
  AuthError,
  CancelledError,
  isAlreadyExists,
  isApiDisabled,
  isConflict,
  isNotFound,
  isPermissionDenied,
  isUncertain,
  NetworkError,
  OperationError,
  ProtocolError,
  TimeoutError,
} from '../../../src/google/errors.js';

const exchange = { method: 'GET', url: 'https://iap.googleapis.com/v1/x', api: 'iap' };
const apiError = (status: number, body: unknown, retryAfterMs?: number): ApiError =>
  new ApiError(exchange, { status, body: typeof body === 'string' ? body : JSON.stringify(body), retryAfterMs });
const envelope = (code: number, status: string, details: unknown[] = []): unknown => ({
  error: { code, status, message: 'Said by Google.', details },
});

describe('ApiError', () => {
  it('says method, URL, status and what Google said in one line', () => {
    const error = apiError(403, envelope(403, 'PERMISSION_DENIED'));
    expect(error.message).toBe('GET https://iap.googleapis.com/v1/x answered 403 PERMISSION_DENIED: Said by Google.');
    expect(error).toMatchObject({
      ...exchange,
      status: 403,
      rpcStatus: 'PERMISSION_DENIED',
      googleMessage: 'Said by Google.',
    });
  });

  it('reads ErrorInfo and RetryInfo', () => {
    const error = apiError(
      429,
      envelope(429, 'RESOURCE_EXHAUSTED', [
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'RATE_LIMIT',
          metadata: { service: 'iap', n: 1 },
        },
      ]),
    );
    expect(error).toMatchObject({ reason: 'RATE_LIMIT', metadata: { service: 'iap' }, retryDelayMs: 1500 });
    expect(error.details).toHaveLength(2);
  });

  it('lets Retry-After win over RetryInfo', () => {
    const retryInfo = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '9s' };
    expect(apiError(503, envelope(503, 'UNAVAILABLE', [retryInfo]), 2000).retryDelayMs).toBe(2000);
  });

  it('names the fields at fault, which the message often does not', () => {
    const error = apiError(
      400,
      envelope(400, 'INVALID_ARGUMENT', [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [
            { field: 'service.interfaces', description: 'At least one is needed.' },
            { field: 'x', description: 'Said by Google.' },
          ],
        },
        {
          '@type': 'type.googleapis.com/google.rpc.PreconditionFailure',
          violations: [{ subject: 'org', description: 'no' }],
        },
      ]),
    );
    expect(error.googleMessage).toBe('Said by Google. (service.interfaces: At least one is needed.; org: no)');
  });

  it.each([
    [
      'an HTML page',
      '<!DOCTYPE html><html><title>Error 502 (Server Error)!!1</title>…',
      'the answer is a web page instead of JSON: Error 502 (Server Error)!!1',
    ],
    ['an HTML page without a title', '<html></html>', 'the answer is a web page instead of JSON'],
    ['nothing', '  \n', 'no explanation was given (empty body)'],
    ['truncated JSON', '{"error":{"code":50', 'the answer is no JSON: {"error":{"code":50'],
    ['an OAuth error', '{"error":"invalid_grant","error_description":"Bad audience."}', 'invalid_grant: Bad audience.'],
    ['an OAuth error without a description', '{"error":"invalid_grant"}', 'invalid_grant'],
    ['the older form', '{"error":{"errors":[{"reason":"notFound","message":"Gone."}],"code":404}}', 'Gone.'],
    ['an array around the envelope', '[{"error":{"message":"In a list."}}]', 'In a list.'],
    ['JSON that is no error', '"what"', 'the answer was "what"'],
    ['null', 'null', 'the answer was null'],
    [
      'an envelope of wrong types',
      '{"error":{"message":7,"details":"x","status":{}}}',
      'the answer was {"error":{"message":7,"details":"x","status":{}}}',
    ],
    ['several lines', '{"error":{"message":"one\\n::error::two"}}', 'one ::error::two'],
  ])('understands %s', (_what, body, message) => {
    expect(apiError(502, body).googleMessage).toBe(message);
    expect(apiError(502, body).message).not.toMatch(/\n/);
  });

  it('cuts what is too long to show', () => {
    expect(apiError(500, 'x'.repeat(100_000)).message.length).toBeLessThan(2200);
  });
});

describe('guards', () => {
  const disabled = apiError(
    403,
    envelope(403, 'PERMISSION_DENIED', [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED' },
    ]),
  );
  const legacy = apiError(403, { error: { errors: [{ reason: 'accessNotConfigured', message: 'x' }] } });

  it('tell a disabled API from a missing permission', () => {
    expect([disabled, legacy].map(isApiDisabled)).toEqual([true, true]);
    expect([disabled, legacy].map(isPermissionDenied)).toEqual([false, false]);
    expect(isPermissionDenied(apiError(403, envelope(403, 'PERMISSION_DENIED')))).toBe(true);
  });

  it('tell a refusal of Google from the page of a proxy', () => {
    expect(isPermissionDenied(apiError(403, '<html>Blocked by policy</html>'))).toBe(false);
  });

  it('tell a conflict from something that exists already', () => {
    const aborted = apiError(409, envelope(409, 'ABORTED'));
    const exists = apiError(409, envelope(409, 'ALREADY_EXISTS'));
    expect([aborted, exists, apiError(412, ''), apiError(409, '')].map(isConflict)).toEqual([true, false, true, true]);
    expect([aborted, exists].map(isAlreadyExists)).toEqual([false, true]);
  });

  it('tell a write that may have been carried out', () => {
    const uncertain = [
      new NetworkError(exchange, { message: 'x', sent: true }),
      new ProtocolError('x'),
      apiError(500, ''),
      apiError(503, ''),
    ];
    expect(uncertain.map(isUncertain)).toEqual([true, true, true, true]);
    expect([apiError(400, ''), apiError(429, ''), new Error('x')].map(isUncertain)).toEqual([false, false, false]);
  });

  it('know 404 when the API itself says so, and nothing that is not an ApiError', () => {
    expect(
      [envelope(404, 'NOT_FOUND'), { error: { code: 404, message: 'x' } }].map((body) =>
        isNotFound(apiError(404, body)),
      ),
    ).toEqual([true, true]);
    expect(['<html>', '', '{"error":{"co', '{}'].map((body) => isNotFound(apiError(404, body)))).toEqual([
      false,
      false,
      false,
      false,
    ]);
    for (const guard of [isNotFound, isConflict, isAlreadyExists, isApiDisabled, isPermissionDenied]) {
      expect(guard(new Error('404'))).toBe(false);
      expect(guard(undefined)).toBe(false);
    }
  });
});

describe('the other errors', () => {
  it('AuthError knows whether asking again may help', () => {
    expect(new AuthError('unreachable', 'x').transient).toBe(true);
    expect(new AuthError('rejected', 'x', 503).transient).toBe(true);
    expect(new AuthError('rejected', 'x', 429).transient).toBe(true);
    expect(new AuthError('rejected', 'x', 403).transient).toBe(false);
    expect(new AuthError('missing', 'x').transient).toBe(false);
  });

  it('NetworkError names the code once', () => {
    const message = (text: string): string =>
      new NetworkError(exchange, { code: 'ECONNRESET', message: text, sent: true }).message;
    expect(message('read ECONNRESET')).toBe('GET https://iap.googleapis.com/v1/x got no answer: read ECONNRESET');
    expect(message('socket hang up')).toMatch(/socket hang up \(ECONNRESET\)$/);
    expect(new NetworkError(exchange, { message: 'terminated', sent: true, status: 200 }).message).toBe(
      'GET https://iap.googleapis.com/v1/x answered 200 and broke off: terminated',
    );
  });

  it('OperationError names the RPC code', () => {
    const error = new OperationError('projects/1/operations/2', { code: 13, message: 'Please refer to our pages.' });
    expect(error.message).toBe(
      'Operation projects/1/operations/2 ended in an error INTERNAL (13): Please refer to our pages.',
    );
    expect(new OperationError('o', {}).message).toBe('Operation o ended in an error');
    expect(new OperationError('o', { code: 99 }).message).toBe('Operation o ended in an error (99)');
  });

  it('abortError keeps our own reasons and names the others', () => {
    const own = new TimeoutError('30 minutes are over.');
    expect(abortError(AbortSignal.abort(own))).toBe(own);
    expect(abortError(AbortSignal.abort())).toBeInstanceOf(CancelledError);
    expect(abortError(AbortSignal.abort(new DOMException('t', 'TimeoutError')))).toBeInstanceOf(TimeoutError);
  });
});
