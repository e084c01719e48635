import { errorAnswer, jsonAnswer, pageAnswer } from '../core/answers.js';
import {
  errorInfo,
  GoogleError,
  retryInfo,
  type ErrorDetail,
  type HttpStatus,
  type StatusName,
} from '../core/errors.js';
import type { RequestLogEntry } from '../request-log.js';
import type { Effect, Hit } from './effect.js';
import type { FaultOf } from './schema.js';

/** What each status means and says by default. */
const ERRORS: Readonly<Record<HttpStatus, { rpc: StatusName; message: string }>> = {
  400: { rpc: 'INVALID_ARGUMENT', message: 'Request contains an invalid argument.' },
  401: {
    rpc: 'UNAUTHENTICATED',
    message:
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  },
  403: { rpc: 'PERMISSION_DENIED', message: 'The caller does not have permission' },
  404: { rpc: 'NOT_FOUND', message: 'Requested entity was not found.' },
  409: {
    rpc: 'ABORTED',
    message: 'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
  },
  412: { rpc: 'ABORTED', message: 'The etag does not match the current one.' },
  429: {
    rpc: 'RESOURCE_EXHAUSTED',
    message: "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute'.",
  },
  499: { rpc: 'CANCELLED', message: 'The operation was cancelled.' },
  500: { rpc: 'INTERNAL', message: 'Internal error encountered.' },
  501: { rpc: 'UNIMPLEMENTED', message: 'Operation is not implemented, or supported, or enabled.' },
  503: { rpc: 'UNAVAILABLE', message: 'The service is currently unavailable.' },
  504: { rpc: 'DEADLINE_EXCEEDED', message: 'Deadline expired before operation could complete.' },
};

/** An error status instead of the answer. */
export function statusEffect(fault: FaultOf<'status'>): Effect {
  return instead(fault.at, ({ entry, state }) => {
    const { rpc, message } = ERRORS[fault.status];
    const details: ErrorDetail[] = [];
    if (fault.status === 401)
      details.push(errorInfo('ACCESS_TOKEN_EXPIRED', 'googleapis.com', { service: `${entry.api}.googleapis.com` }));
    if (fault.retryInfo !== undefined) details.push(retryInfo(fault.retryInfo));
    const error = new GoogleError(fault.rpc ?? rpc, fault.message ?? message, details);
    return errorOf(entry, fault.status, error, retryAfter(fault, state.clock.now()));
  });
}

/** Token endpoints have forms of their own: OAuth's (RFC 6749, section 5.2) and GitHub's. */
function errorOf(
  { api }: RequestLogEntry,
  status: number,
  error: GoogleError,
  headers: Record<string, string>,
): Response {
  if (api === 'sts') {
    const code = status >= 500 ? 'server_error' : 'invalid_request';
    return jsonAnswer(status, { error: code, error_description: error.message }, headers);
  }
  if (api === 'oidc') return jsonAnswer(status, { message: error.message }, headers);
  return status === error.httpStatus
    ? errorAnswer(error, headers)
    : jsonAnswer(status, { error: { ...error.envelope().error, code: status } }, headers);
}

/** A date has whole seconds only: rounded up, so that nobody who waits for it comes too early. */
function retryAfter({ retryAfter: wait, retryAfterForm }: FaultOf<'status'>, now: number): Record<string, string> {
  if (wait === undefined) return {};
  if (retryAfterForm === 'seconds') return { 'retry-after': String(wait) };
  return { 'retry-after': new Date(Math.ceil((now + wait * 1000) / 1000) * 1000).toUTCString() };
}

/** A page of a front end, or with a good status of a proxy that wants something first. */
export function htmlEffect({ status, at }: FaultOf<'html'>): Effect {
  const title =
    status < 300
      ? 'Sign in to the network'
      : `Error ${status} (${status === 404 ? 'Not Found' : status < 500 ? 'Bad Request' : 'Server Error'})!!1`;
  return instead(at, () => pageAnswer(status, title, status < 300 ? 'Please sign in.' : 'That’s an error.'));
}

/** Nothing where an answer should be. */
export function emptyEffect({ status, at }: FaultOf<'empty'>): Effect {
  return instead(at, (_hit, response) => new Response('', { status: status ?? response?.status ?? 200 }));
}

/** Any text instead of the answer. */
export function bodyEffect({ at, body, status, contentType }: FaultOf<'body'>): Effect {
  return instead(at, () => new Response(body, { status, headers: { 'content-type': contentType } }));
}

/** Half of the answer's text. */
export function truncatedEffect(): Effect {
  return {
    after: async ({ act }, response) => {
      act();
      const text = await response.text();
      const { status, headers } = response;
      return new Response(text.slice(0, Math.floor(text.length / 2)), { status, headers });
    },
  };
}

/** The answer under another type. */
export function contentTypeEffect({ contentType }: FaultOf<'content-type'>): Effect {
  return {
    after: async ({ act }, response) => {
      act();
      const { status } = response;
      return new Response(await response.text(), { status, headers: { 'content-type': contentType } });
    },
  };
}

function instead(at: 'before' | 'after', answer: (hit: Hit, response?: Response) => Response): Effect {
  const act = (hit: Hit, response?: Response): Response => {
    hit.act();
    return answer(hit, response);
  };
  return at === 'before' ? { before: (hit) => act(hit) } : { after: act };
}
