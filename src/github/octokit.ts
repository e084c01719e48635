import type * as Toolkit from '@actions/github';
import type * as Throttling from '@octokit/plugin-throttling';
import type { Clock } from '../clock.js';
import type { Fetch } from '../google/transport.js';
import type { Log } from '../log.js';
import { USER_AGENT } from '../version.js';
import { apiRoot } from './api-url.js';
import { GitHubSetupError, type TokenUse } from './errors.js';
import { octokitFetch } from './fetch.js';
import { createPatience, type Patience } from './patience.js';
import { retrying } from './retry.js';
import { createViewer } from './viewer.js';

export type Octokit = ReturnType<typeof Toolkit.getOctokit>;

export interface GitHubOptions {
  /** Masked by the caller. */
  readonly token: string;
  /** `GITHUB_API_URL` says where the API is. */
  readonly env: NodeJS.ProcessEnv;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** A number from 0 to 1. */
  readonly random: () => number;
  /** Milliseconds this run may spend on waiting for GitHub: rate limits and retries together. */
  readonly patienceMs: number;
  readonly use: TokenUse;
}

/** GitHub's API with one token. Whatever octokit throws is a GitHubError, a CancelledError or a TimeoutError. */
export interface GitHub {
  readonly octokit: Octokit;
  readonly patience: Patience;
  readonly log: Log;
  /** GitHub's own cloud, github.com or ghe.com, which has everything that is documented. */
  readonly isCloud: boolean;
  /** Login of the token's user as REST writes it: `octocat`, or `github-actions[bot]` for an app. Asked once. */
  readonly viewer: () => Promise<string>;
}

/** Retries after a rate limit. */
const MAX_LIMITED = 2;

/**
 * Creates the client. The libraries are loaded here and not before, since most runs belong to no pull request.
 * @throws GitHubSetupError when `GITHUB_API_URL` is no address for a token, when there is no token, or when a library fails to load
 */
export async function createGitHub(options: GitHubOptions): Promise<GitHub> {
  const { token, env, clock, signal, log } = options;
  const root = apiRoot(env);
  if (token.trim() === '') throw new GitHubSetupError('There is no GitHub token: set the input github_token.');
  const { toolkit, throttling } = await load();
  const patience = createPatience({ budgetMs: options.patienceMs, clock, signal, log });
  const octokit = toolkit.getOctokit(
    token,
    {
      baseUrl: root,
      userAgent: USER_AGENT,
      log: debugLog(log),
      request: { fetch: octokitFetch({ ...options, root }), log: debugLog(log) },
      throttle: throttle(patience),
    },
    throttling.throttling,
  );
  octokit.hook.wrap('request', retrying({ ...options, patience }));
  const isCloud = /^https:\/\/api\.(?:github\.com|[^/]+\.ghe\.com)$/.test(root);
  const github = { octokit, patience, log, isCloud };
  return { ...github, viewer: createViewer(github, token) };
}

/** @actions/github reads the event's file as it loads, and throws when that is no JSON. */
async function load(): Promise<{ toolkit: typeof Toolkit; throttling: typeof Throttling }> {
  try {
    const [toolkit, throttling] = await Promise.all([import('@actions/github'), import('@octokit/plugin-throttling')]);
    return { toolkit, throttling };
  } catch (error) {
    throw new GitHubSetupError(
      `The GitHub client does not load: ${error instanceof Error ? error.message : 'unknown'}`,
    );
  }
}

type Throttle = NonNullable<NonNullable<Parameters<typeof Toolkit.getOctokit>[1]>['throttle']>;

/**
 * The plugin knows a rate limit and asks; the wait is ours (the run's clock, its end, its budget), so the plugin adds none.
 * It would also keep writes 1 s and notifications 3 s apart, and counts every GraphQL question as a write. GitHub asks for that
 * of clients that write a lot; a run writes a comment two or three times, minutes apart.
 */
function throttle(patience: Patience): Throttle {
  const ask =
    (limit: string) =>
    (seconds: number, _options: unknown, _octokit: unknown, retries: number): unknown =>
      retries < MAX_LIMITED && patience.wait(seconds * 1000, limit);
  const unpaced = { key: () => ({ schedule: <T>(_job: unknown, run: () => T): T => run() }) };
  return {
    // The types say void; the plugin waits for the answer and goes by it.
    onRateLimit: ask('GitHub limits the requests of this token'),
    onSecondaryRateLimit: ask('GitHub limits requests that come too fast'),
    retryAfterBaseValue: 0,
    write: unpaced as unknown as Throttle['write'] & object,
    notifications: unpaced as unknown as Throttle['notifications'] & object,
  };
}

/** octokit's own messages, such as the deprecation of a route, are of no use to who runs the action. */
function debugLog(log: Log): Record<'debug' | 'info' | 'warn' | 'error', (message: string) => void> {
  const debug = (message: string): void => log.debug(message);
  return { debug, info: debug, warn: debug, error: debug };
}
