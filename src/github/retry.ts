import type { Clock } from '../clock.js';
import { throwIfAborted } from '../google/abort.js';
import { record } from './answers.js';
import { GitHubApiError, GitHubNetworkError, GitHubRateLimitError, type Exchange, type TokenUse } from './errors.js';
import { failureOf, isGraphql } from './failure.js';
import type { Patience } from './patience.js';

export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A number from 0 to 1. */
  readonly random: () => number;
  readonly patience: Patience;
  readonly use: TokenUse;
}

/** The part of octokit's request options that matters here; the parameters of the route are beside it. */
interface Request {
  readonly method: string;
  readonly url: string;
}

const MAX_TRIES = 4;
const MAX_LIMITED_TRIES = 3;
const FIRST_DELAY = 1_000;
const TRANSIENT: ReadonlySet<number> = new Set([408, 500, 502, 503, 504]);

/**
 * A hook around every request of octokit: turns errors into ours, and tries again what may be tried again. Reads and updates
 * of one comment do no harm twice; a comment that is created twice does, so that is left to who asked for it.
 */
export function retrying(
  options: RetryOptions,
): <R, O extends Request>(request: (options: O) => R | Promise<R>, requestOptions: O) => Promise<R> {
  const { clock, signal, random, patience, use } = options;
  return async (request, requestOptions) => {
    const exchange = exchangeOf(requestOptions);
    for (let tries = 1; ; tries += 1) {
      throwIfAborted(signal);
      try {
        return await request(requestOptions);
      } catch (error) {
        throwIfAborted(signal);
        const failure = failureOf(error, exchange, use, clock.now());
        const delay = delayAfter(failure, exchange, tries, random);
        if (delay === undefined || !(await patience.wait(delay, reasonOf(failure)))) throw failure;
      }
    }
  };
}

/** Routes still have their parameters in braces here: `/repos/{owner}/{repo}`. */
function exchangeOf(options: Request): Exchange {
  const parameters = record(options);
  const url = options.url.replace(/\{(\w+)\}/g, (_braces, name: string) =>
    encodeURIComponent(String(parameters[name])),
  );
  // A page's link may be anything; what it is is told when it is sent.
  const path = URL.canParse(url, 'https://github.invalid') ? new URL(url, 'https://github.invalid').pathname : '';
  return { method: options.method, path };
}

/** @returns milliseconds to wait before the next try, or undefined when there is none */
function delayAfter(failure: Error, exchange: Exchange, tries: number, random: () => number): number | undefined {
  if (failure instanceof GitHubRateLimitError) {
    return failure.throttled || tries >= MAX_LIMITED_TRIES ? undefined : failure.waitMs;
  }
  const transient =
    failure instanceof GitHubNetworkError || (failure instanceof GitHubApiError && TRANSIENT.has(failure.status));
  const harmless = exchange.method !== 'POST' || isGraphql(exchange.path);
  return transient && harmless && tries < MAX_TRIES ? FIRST_DELAY * 2 ** (tries - 1) * (0.5 + random() / 2) : undefined;
}

function reasonOf(failure: Error): string {
  if (failure instanceof GitHubRateLimitError) return 'GitHub limits the requests of this token';
  return failure instanceof GitHubApiError ? `GitHub answered ${failure.status}` : 'GitHub gave no answer';
}
