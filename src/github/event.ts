import { readFileSync } from 'node:fs';
import { commitName, positive, record, text } from './answers.js';
import type { ReadOnly } from './errors.js';

export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

export interface PullRequest extends Repository {
  readonly number: number;
  /** What it asked for is done: nobody reviews it any more. */
  readonly merged: boolean;
  /** The run is about what the pull request would bring, and not about what somebody has merged or queued already. */
  readonly underReview: boolean;
}

/** A push belongs to no pull request by itself: GitHub has to be asked which one brought the commit. */
export interface Push {
  readonly commit: string;
  /** Undefined for a tag. */
  readonly branch: string | undefined;
  /** First line of the last commit's message: anybody's words. */
  readonly title: string;
}

/** What a run knows about itself before it asks GitHub. */
export interface RunEvent {
  /** `GITHUB_EVENT_NAME`, empty outside of a runner. */
  readonly name: string;
  readonly repository: Repository | undefined;
  /** The pull request, when the event names it. */
  readonly pull: PullRequest | undefined;
  readonly push: Push | undefined;
  /** The commit to show: the head of the pull request instead of GitHub's merge of it, else what the run checks out. */
  readonly commit: string | undefined;
  /** The run's page; a second try of it has a page of its own. */
  readonly runUrl: string | undefined;
  /** Does the pull request come from another repository? Undefined when the event does not say. */
  readonly fork: boolean | undefined;
  /** Why the token can only read, when that is to be expected. */
  readonly readOnly: ReadOnly | undefined;
  /** What is wrong with the event, if anything: such a run is taken for one without a pull request. */
  readonly problem: string | undefined;
}

/** Runs on GitHub's merge of base and head, for a fork with a token that only reads. */
const ON_MERGE: ReadonlySet<string> = new Set(['pull_request', 'pull_request_review', 'pull_request_review_comment']);
/** Source of the form: GitHub's documentation of merge queues; a batch is a chain of groups of one pull request each. */
const QUEUE = /^refs\/heads\/gh-readonly-queue\/.+\/pr-(\d+)-[0-9a-f]{40,64}$/;
const BRANCH = /^refs\/heads\/(.+)$/;

/**
 * Reads the event of this run from the variables the runner sets and the file they name. Source: GitHub's documentation of
 * default variables and of webhook payloads. Never throws: an event that is not as documented has no pull request.
 * @param env `GITHUB_EVENT_NAME`, `_EVENT_PATH`, `_REPOSITORY`, `_SHA`, `_REF`, `_ACTOR`, `_SERVER_URL`, `_RUN_ID`, `_RUN_ATTEMPT`
 * @param readFile reads the event's file
 */
export function readEvent(
  env: NodeJS.ProcessEnv,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): RunEvent {
  const name = env.GITHUB_EVENT_NAME ?? '';
  const repository = readRepository(env.GITHUB_REPOSITORY);
  const { payload, problem } = readPayload(env.GITHUB_EVENT_PATH, readFile);
  const number = pullNumber(name, payload, env);
  const fork = isFork(payload, env.GITHUB_REPOSITORY);
  return {
    name,
    repository,
    pull: repository && number !== undefined ? pullOf(repository, number, name, payload) : undefined,
    push: name === 'push' && problem === undefined ? readPush(payload, env) : undefined,
    commit: (ON_MERGE.has(name) ? headOf(payload) : undefined) ?? commitName(env.GITHUB_SHA),
    runUrl: readRunUrl(env, repository),
    fork,
    readOnly: readOnly(name, fork, env),
    problem,
  };
}

function readPayload(
  path: string | undefined,
  readFile: (path: string) => string,
): { payload: Readonly<Record<string, unknown>>; problem: string | undefined } {
  if (!path) return { payload: {}, problem: undefined };
  try {
    return { payload: record(JSON.parse(readFile(path))), problem: undefined };
  } catch (error) {
    const kind = error instanceof SyntaxError ? 'is no JSON' : 'can not be read';
    return { payload: {}, problem: `The file of this run's event (GITHUB_EVENT_PATH) ${kind}.` };
  }
}

/** Names of GitHub: letters, digits, `.`, `-` and `_`; a name of dots alone would lead to another path. */
function readRepository(value: string | undefined): Repository | undefined {
  const [, owner, repo] = /^([\w.-]{1,100})\/([\w.-]{1,100})$/.exec(value ?? '') ?? [];
  const dots = /^\.+$/;
  return !owner || !repo || dots.test(owner) || dots.test(repo) ? undefined : { owner, repo };
}

function pullNumber(
  name: string,
  payload: Readonly<Record<string, unknown>>,
  env: NodeJS.ProcessEnv,
): number | undefined {
  if (ON_MERGE.has(name) || name === 'pull_request_target') {
    const ofRef = /^refs\/pull\/(\d+)\//.exec(env.GITHUB_REF ?? '')?.[1];
    return positive(record(payload.pull_request).number) ?? positive(payload.number) ?? positive(Number(ofRef));
  }
  if (name === 'issue_comment') {
    const { number, pull_request: link } = record(payload.issue);
    return typeof link === 'object' && link !== null ? positive(number) : undefined;
  }
  if (name === 'merge_group') {
    const ref = text(record(payload.merge_group).head_ref) ?? env.GITHUB_REF ?? '';
    return positive(Number(QUEUE.exec(ref)?.[1]));
  }
  return undefined;
}

function readPush(payload: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): Push | undefined {
  const commit = commitName(env.GITHUB_SHA);
  if (!commit || payload.deleted === true) return undefined;
  const message = text(record(payload.head_commit).message) ?? '';
  return { commit, branch: BRANCH.exec(env.GITHUB_REF ?? '')?.[1], title: message.split('\n', 1)[0]?.trim() ?? '' };
}

function pullOf(
  repository: Repository,
  number: number,
  name: string,
  payload: Readonly<Record<string, unknown>>,
): PullRequest {
  const merged = isMerged(payload);
  return { ...repository, number, merged, underReview: !merged && name !== 'merge_group' };
}

/** Events of a closed pull request say so; those of its conversation have it below the issue. */
const isMerged = (payload: Readonly<Record<string, unknown>>): boolean =>
  record(payload.pull_request).merged === true ||
  typeof record(record(payload.issue).pull_request).merged_at === 'string';

const headOf = (payload: Readonly<Record<string, unknown>>): string | undefined =>
  commitName(record(record(payload.pull_request).head).sha);

/** The repository of the head is null when it was deleted, and only a fork can be. */
function isFork(payload: Readonly<Record<string, unknown>>, repository = ''): boolean | undefined {
  const { head } = record(payload.pull_request);
  if (head === undefined) return undefined;
  const name = text(record(record(head).repo).full_name);
  return name?.toLowerCase() !== repository.toLowerCase();
}

/** Source: GitHub's documentation of events, and of Dependabot on Actions. The token of pull_request_target writes. */
function readOnly(name: string, fork: boolean | undefined, env: NodeJS.ProcessEnv): ReadOnly | undefined {
  if (ON_MERGE.has(name) && fork === true) return 'fork';
  const dependabot = env.GITHUB_ACTOR === 'dependabot[bot]';
  return dependabot && (ON_MERGE.has(name) || name === 'push') ? 'dependabot' : undefined;
}

function readRunUrl(env: NodeJS.ProcessEnv, repository: Repository | undefined): string | undefined {
  const server = env.GITHUB_SERVER_URL ?? '';
  const { GITHUB_RUN_ID: run = '', GITHUB_RUN_ATTEMPT: attempt = '' } = env;
  if (!repository || !/^https?:\/\/[\w.-]+(?::\d+)?\/?$/.test(server) || !/^\d+$/.test(run)) return undefined;
  const page = `${server.replace(/\/$/, '')}/${repository.owner}/${repository.repo}/actions/runs/${run}`;
  return /^[1-9]\d*$/.test(attempt) && attempt !== '1' ? `${page}/attempts/${attempt}` : page;
}
