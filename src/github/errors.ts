/**
 * Everything src/github throws, besides CancelledError and TimeoutError when the run is told to stop. Messages may quote
 * GitHub: text from outside, to be escaped where it is printed. None of them has a `cause`: those of octokit hold the request,
 * and with it the token's header.
 */
export abstract class GitHubError extends Error {}

/** The request was not sent: an address no token may go to, no token at all, or a library that does not load. */
export class GitHubSetupError extends GitHubError {
  override readonly name = 'GitHubSetupError';
}

/** The request an error belongs to; `path` has no query. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
}

/** Why GitHub gives a run a token that only reads, whatever the workflow asks for. */
export type ReadOnly = 'fork' | 'dependabot';

/** What a token is used for, for messages. */
export interface TokenUse {
  /** The permission of the job that its writes need. */
  readonly needs: 'pull-requests: write' | 'issues: write';
  readonly readOnly?: ReadOnly | undefined;
}

/** The token may not do this (403, 404 on a write), or GitHub does not know it (401). The message names the permission. */
export class GitHubTokenError extends GitHubError {
  override readonly name = 'GitHubTokenError';
  readonly status: number;
  readonly githubMessage: string;
  readonly readOnly: ReadOnly | undefined;

  constructor(exchange: Exchange, status: number, githubMessage: string, use: TokenUse) {
    super(tokenMessage(exchange, status, githubMessage, use));
    this.status = status;
    this.githubMessage = githubMessage;
    this.readOnly = use.readOnly;
  }
}

/** GitHub answered with another error, or with something that is no answer to the question. */
export class GitHubApiError extends GitHubError {
  override readonly name = 'GitHubApiError';
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly githubMessage: string;

  constructor({ method, path }: Exchange, status: number, githubMessage: string) {
    super(`${method} ${path} of GitHub answered ${status}${githubMessage ? `: ${githubMessage}` : ''}`);
    this.method = method;
    this.path = path;
    this.status = status;
    this.githubMessage = githubMessage;
  }
}

/** GitHub asks to wait longer, or more often, than this run may. */
export class GitHubRateLimitError extends GitHubError {
  override readonly name = 'GitHubRateLimitError';
  /** How long GitHub asks to wait. */
  readonly waitMs: number;
  /** True when the throttling plugin knows this kind, and has waited as often as it may. */
  readonly throttled: boolean;

  constructor(status: number, githubMessage: string, waitMs: number, throttled: boolean) {
    super(
      `GitHub limits the requests of this token (${status}: ${githubMessage}) and asks to wait ${Math.ceil(waitMs / 1000)} s. Run again later.`,
    );
    this.waitMs = waitMs;
    this.throttled = throttled;
  }
}

/** No complete answer: a write may or may not have been carried out. */
export class GitHubNetworkError extends GitHubError {
  override readonly name = 'GitHubNetworkError';
  readonly code: string | undefined;

  constructor({ method, path }: Exchange, code: string | undefined, message: string) {
    super(`${method} ${path} of GitHub got no answer: ${[message, code && `(${code})`].filter(Boolean).join(' ')}`);
    this.code = code;
  }
}

/** GraphQL answered, and the answer was errors. */
export class GitHubGraphqlError extends GitHubError {
  override readonly name = 'GitHubGraphqlError';
  /** `type` of each error, such as `NOT_FOUND` or `FORBIDDEN`. */
  readonly types: readonly string[];

  constructor(errors: readonly { readonly type: string; readonly message: string }[]) {
    super(`GitHub's GraphQL API answered with errors: ${errors.map(({ message }) => message).join('; ')}`);
    this.types = errors.map(({ type }) => type);
  }

  /** @returns true when every error is of one of these types, and there is one */
  isOnly(...types: readonly string[]): boolean {
    return this.types.length > 0 && this.types.every((type) => types.includes(type));
  }
}

/** Who edited the comment last could not be found out, so it approves nothing. */
export class ApprovalUnreadableError extends GitHubError {
  override readonly name = 'ApprovalUnreadableError';
  /** The comment. */
  readonly url: string;

  constructor(url: string, reason: string) {
    super(`Whether somebody else edited the plan comment could not be checked, so it does not count: ${reason}`);
    this.url = url;
  }
}

/** A write may or may not have been carried out: look before trying again. */
export const isUncertain = (error: unknown): boolean =>
  error instanceof GitHubNetworkError || (error instanceof GitHubApiError && error.status >= 500);

/** What is asked for is not there (any more), or the token may not know that it is. */
export const isNotFound = (error: unknown): boolean => error instanceof GitHubApiError && error.status === 404;

/** Nothing that anybody has to put right: GitHub is down, gives no answer, or limits requests. */
export const isPassing = (error: unknown): boolean => isUncertain(error) || error instanceof GitHubRateLimitError;

/**
 * Tokens of forks stay read-only whatever the workflow says; those of Dependabot's runs start read-only, and `permissions`
 * raises them (GitHub's documentation of both). Running a fork's code with a token that writes is never the advice.
 */
function tokenMessage(
  { method, path }: Exchange,
  status: number,
  said: string,
  { needs: permission, readOnly }: TokenUse,
): string {
  const answer = `${method} ${path} of GitHub answered ${status}${said ? `: ${said}` : ''}`;
  if (status === 401) return `GitHub did not accept the token (input github_token). ${answer}`;
  const needs = `The token lacks a permission, usually \`permissions: ${permission}\`.`;
  if (readOnly === 'fork') {
    return `${needs} This run belongs to a pull request from a fork, and GitHub gives such runs a token that only reads. ${answer}`;
  }
  const dependabot =
    readOnly === 'dependabot' ? ' Dependabot started this run, and its token only reads unless the job says so.' : '';
  return `${needs}${dependabot} Give it to the job, or to the token in github_token. ${answer}`;
}
