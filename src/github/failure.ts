import { GoogleError } from '../google/errors.js';
import { record, text, list } from './answers.js';
import {
  GitHubApiError,
  GitHubError,
  GitHubNetworkError,
  GitHubRateLimitError,
  GitHubTokenError,
  type Exchange,
  type TokenUse,
} from './errors.js';

/** GitHub asks to wait a minute when it does not say how long ("Rate limits for the REST API"). */
const DEFAULT_WAIT_MS = 60_000;
const LONGEST_MESSAGE = 500;

/**
 * Turns what octokit throws into an error of ours.
 * @param now milliseconds since the epoch, for limits that end at a time
 */
export function failureOf(error: unknown, exchange: Exchange, use: TokenUse, now: number): Error {
  const { cause, response, status: code, message } = record(error);
  // Ours or the run's end, thrown by the fetch below octokit, which wraps it.
  if (cause instanceof GitHubError || cause instanceof GoogleError) return cause;
  if (error instanceof GitHubError) return error;
  if (response === undefined) {
    return new GitHubNetworkError(exchange, undefined, text(message) ?? 'the request failed');
  }
  const { status = code, headers, data } = record(response);
  const answer = { status: Number(status), headers: record(headers), said: saidIn(data) };
  const waitMs = rateLimit(answer, data, now);
  if (waitMs !== undefined) {
    return new GitHubRateLimitError(answer.status, answer.said, waitMs, isThrottled(answer, data));
  }
  return mayNot(answer, exchange)
    ? new GitHubTokenError(exchange, answer.status, answer.said, use)
    : new GitHubApiError(exchange, answer.status, answer.said);
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly said: string;
}

/**
 * Limits answer 403 or 429: the primary one has `x-ratelimit-remaining: 0`, secondary ones `retry-after` or only words
 * ("abuse detection" on older servers). GraphQL says RATE_LIMITED with 200.
 * @returns how long to wait, or undefined when this is no limit
 */
function rateLimit({ status, headers, said }: Answer, data: unknown, now: number): number | undefined {
  const after = Number(headers['retry-after'] ?? NaN);
  const exhausted = headers['x-ratelimit-remaining'] === '0';
  const limited =
    status === 429 ||
    isGraphqlLimit(data) ||
    (status === 403 && (exhausted || after >= 0 || /\b(?:secondary rate|abuse detection)\b/i.test(said)));
  if (!limited) return undefined;
  if (after >= 0) return after * 1000;
  const reset = Number(headers['x-ratelimit-reset'] ?? NaN);
  return exhausted && reset > 0 ? Math.max(0, reset * 1000 - now) + 1000 : DEFAULT_WAIT_MS;
}

/** The kinds @octokit/plugin-throttling 11 retries by itself. */
const isThrottled = ({ headers, said }: Answer, data: unknown): boolean =>
  headers['x-ratelimit-remaining'] === '0' || /\bsecondary rate\b/i.test(said) || isGraphqlLimit(data);

const isGraphqlLimit = (data: unknown): boolean =>
  (list(record(data).errors) ?? []).some((error) => record(error).type === 'RATE_LIMITED');

/**
 * 403 is also the answer for a locked conversation or an archived repository, and those are no matter of the token. A token
 * that may not see a private repository gets 404 instead; on an update 404 means that the comment is gone.
 */
function mayNot({ status, said }: Answer, { method, path }: Exchange): boolean {
  if (status === 401) return true;
  if (status === 403) return /not accessible by|permission|must have|SAML/i.test(said);
  // A pull request or a repository that is there, but that the token may not see.
  const isList = method === 'GET' && /\/issues(?:\/\d+\/comments)?$/.test(path);
  return status === 404 && (isList || (method === 'POST' && !isGraphql(path)));
}

/** @returns true for the GraphQL endpoint, `/graphql` or `/api/graphql` */
export const isGraphql = (path: string): boolean => /^(?:\/api)?\/graphql$/.test(path);

/** GitHub's `message`, with those of `errors`; nothing of an answer in another form, such as a page of HTML. */
function saidIn(data: unknown): string {
  const { message, errors } = record(data);
  const parts = [message, ...(list(errors) ?? []).map((error) => record(error).message ?? error)];
  const said = parts.flatMap((part) => text(part)?.replace(/\s+/g, ' ').trim() || []).join(': ');
  return said.length > LONGEST_MESSAGE ? `${said.slice(0, LONGEST_MESSAGE)}…` : said;
}
