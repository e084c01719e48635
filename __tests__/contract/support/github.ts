import { serve, type HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { answerIssues, FakeIssues } from './github-issues.js';

/*
 * GitHub's API as far as comments on pull requests need it, written from GitHub's documentation of REST (issue comments,
 * commits, pulls, users, pagination, rate limits) and GraphQL (viewer, node, IssueComment).
 */

export const OWNER = 'acme';
export const REPO = 'agents';
export const SHA = 'a'.repeat(40);
export const MERGE_SHA = 'b'.repeat(40);
export const BOT = 'github-actions[bot]';

/**
 * Tokens the server knows. `READ_ONLY` is what a run of a fork gets, `PERSON` a personal access token; the `permissions` of the
 * others' jobs say `issues: read`, and nothing of issues in a private repository.
 */
export const TOKENS = {
  JOB: 'ghs_token_of_the_job',
  READ_ONLY: 'ghs_fork',
  READS_ISSUES: 'ghs_issues_read',
  NO_ISSUES: 'ghs_no_issues',
  OTHER_APP: 'ghs_app',
  PERSON: 'ghp_person',
} as const;

export interface Account {
  readonly login: string;
  /** May comment on pull requests. */
  readonly write: boolean;
  readonly issues: 'none' | 'read' | 'write';
}

export interface FakeComment {
  readonly id: number;
  readonly pull: number;
  readonly author: string;
  body: string;
  /** Who edited it last, and when; null when nobody did. */
  editor: string | null;
  lastEditedAt: string | null;
}

export interface FakePull {
  readonly number: number;
  readonly state?: 'open' | 'closed';
  readonly merged?: boolean;
  readonly mergeCommit?: string;
  readonly base?: string;
  readonly head?: string;
  /** Full name of the head's repository; the same one unless said otherwise. */
  readonly headRepo?: string;
}

export interface FakeRequest {
  readonly method: string;
  /** Below the API's root, without the query. */
  readonly path: string;
  readonly query: string;
  readonly token: string;
  readonly body: Readonly<Record<string, unknown>>;
  status: number;
}

/** What a hook may do: answer in place of the server, cut the connection, or (nothing) let it go on. */
export type Interference = Response | 'reset' | undefined;
export type Hook = (request: FakeRequest) => Interference | Promise<Interference>;

export interface FakeGitHub {
  readonly url: string;
  /** What the runner sets for a job on this server. */
  readonly env: Readonly<Record<string, string>>;
  readonly requests: FakeRequest[];
  readonly comments: FakeComment[];
  readonly issues: FakeIssues;
  readonly pulls: FakePull[];
  /** Numbers of the pull requests that brought a commit. */
  readonly commits: Map<string, readonly number[]>;
  readonly accounts: Map<string, Account>;
  /** False: the server has no GraphQL. */
  graphql: boolean;
  /** Called before a request has an effect. */
  readonly before: Hook[];
  /** Called when a request had its effect, before the answer leaves. */
  readonly after: Hook[];
  add(comment: { pull: number; author: string; body: string }): FakeComment;
  edit(id: number, editor: string, body: string): void;
  /** Answers the nth request from now (1 is the next) in another way. */
  answer(nth: number, interference: () => Interference): void;
  close(): Promise<void>;
}

export const NOW = '2026-11-22T20:00:00Z';
const FULL_NAME = `${OWNER}/${REPO}`;
const MAX_BODY = 65_536;

/** GitHub's form of an error. */
export const problem = (
  status: number,
  message: string,
  more: object = {},
  headers: Record<string, string> = {},
): Response =>
  Response.json(
    { message, documentation_url: 'https://docs.github.com/rest', status: `${status}`, ...more },
    { status, headers },
  );

/** Rate limits as documented: a secondary one, one that only says 429, and the primary one that ends at a time. */
export const limits = {
  secondary: (seconds: number): Response =>
    problem(
      403,
      'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
      {},
      { 'retry-after': `${seconds}` },
    ),
  tooMany: (seconds: number): Response => problem(429, 'Too many requests', {}, { 'retry-after': `${seconds}` }),
  primary: (reset: number): Response =>
    problem(
      403,
      'API rate limit exceeded for installation ID 1.',
      {},
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${reset}` },
    ),
};

/** @param options.enterprise serves REST below `/api/v3` and GraphQL at `/api/graphql`, as GitHub Enterprise Server does */
export async function startGitHub(options: { readonly enterprise?: boolean } = {}): Promise<FakeGitHub> {
  const interferences = new Map<number, () => Interference>();
  const [rest, graphql] = options.enterprise ? ['/api/v3', '/api/graphql'] : ['', '/graphql'];
  const app = new Hono<{ Bindings: HttpBindings }>();
  const { server, port } = await listen(app);
  const url = `http://127.0.0.1:${port}`;
  const github: FakeGitHub = {
    url,
    env: {
      GITHUB_API_URL: `${url}${rest}`,
      GITHUB_GRAPHQL_URL: `${url}${graphql}`,
      GITHUB_SERVER_URL: url,
      GITHUB_REPOSITORY: FULL_NAME,
      GITHUB_RUN_ID: '4711',
      GITHUB_RUN_ATTEMPT: '1',
    },
    requests: [],
    comments: [],
    issues: new FakeIssues(),
    pulls: [{ number: 7 }],
    commits: new Map(),
    accounts: new Map<string, Account>([
      [TOKENS.JOB, { login: BOT, write: true, issues: 'write' }],
      [TOKENS.READ_ONLY, { login: BOT, write: false, issues: 'read' }],
      [TOKENS.READS_ISSUES, { login: BOT, write: true, issues: 'read' }],
      [TOKENS.NO_ISSUES, { login: BOT, write: true, issues: 'none' }],
      [TOKENS.OTHER_APP, { login: 'planner[bot]', write: true, issues: 'write' }],
      [TOKENS.PERSON, { login: 'octocat', write: true, issues: 'write' }],
    ]),
    graphql: true,
    before: [],
    after: [],
    add({ pull, author, body }) {
      const id = (github.comments.at(-1)?.id ?? 1000) + 1;
      const comment = { id, pull, author, body, editor: null, lastEditedAt: null };
      github.comments.push(comment);
      return comment;
    },
    edit(id, editor, body) {
      const comment = github.comments.find((one) => one.id === id);
      if (!comment) throw new Error(`no comment ${id}`);
      Object.assign(comment, { body, editor, lastEditedAt: NOW });
    },
    answer: (nth, interference) => void interferences.set(github.requests.length + nth, interference),
    close: () => close(server),
  };
  app.all('*', async (c) => {
    const { request, json } = await read(c, rest);
    github.requests.push(request);
    const given = await interfere([() => interferences.get(github.requests.length)?.(), ...github.before], request);
    let answer =
      given ?? (json ? route(github, request, c.req.path === graphql) : problem(400, 'Problems parsing JSON'));
    if (given === undefined) answer = (await interfere(github.after, request)) ?? answer;
    if (answer === 'reset') {
      c.env.incoming.socket.destroy();
      return new Response(null);
    }
    request.status = answer.status;
    return answer;
  });
  return github;
}

async function read(c: Context, rest: string): Promise<{ request: FakeRequest; json: boolean }> {
  const { pathname, searchParams } = new URL(c.req.url);
  const raw = await c.req.text();
  let body: unknown = {};
  let json = true;
  try {
    if (raw !== '') body = JSON.parse(raw);
  } catch {
    json = false;
  }
  const token = /^(?:token|bearer) (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  const below = pathname.startsWith(`${rest}/`) ? pathname.slice(rest.length) : pathname;
  const request = { method: c.req.method, path: below, query: searchParams.toString(), token, status: 0 };
  return { request: { ...request, body: body as FakeRequest['body'] }, json };
}

async function interfere(hooks: readonly Hook[], request: FakeRequest): Promise<Interference> {
  for (const hook of hooks) {
    const result = await hook(request);
    if (result !== undefined) return result;
  }
  return undefined;
}

function route(github: FakeGitHub, request: FakeRequest, isGraphql: boolean): Response {
  const account = github.accounts.get(request.token);
  if (!account) return problem(401, 'Bad credentials');
  if (isGraphql) return github.graphql ? answerGraphql(github, request, account) : problem(404, 'Not Found');
  const ofIssues = answerIssues(github, request, account);
  if (ofIssues) return ofIssues;
  const [, what = '', id] =
    /^(?:\/repos\/acme\/agents|\/repositories\/1)\/(issues\/\d+\/comments|issues\/comments\/(\d+)|commits\/\w+\/pulls|pulls\/\d+)$/.exec(
      request.path,
    ) ?? [];
  const number = Number(/\d+/.exec(what)?.[0]);
  const write = request.method !== 'GET';
  if (write && what && !account.write) return problem(403, 'Resource not accessible by integration');
  if (request.path === '/user' && !write) {
    return request.token.startsWith('ghs_')
      ? problem(403, 'Resource not accessible by integration')
      : Response.json({ login: account.login });
  }
  if (id !== undefined) return oneComment(github, request, Number(id), account);
  if (what.startsWith('issues/') && github.pulls.some((pull) => pull.number === number)) {
    return write ? create(github, request, number, account) : listComments(github, request, number);
  }
  if (what.startsWith('commits/')) {
    const numbers = github.commits.get(what.split('/')[1] ?? '') ?? [];
    return Response.json(github.pulls.filter((pull) => numbers.includes(pull.number)).map(pullRow));
  }
  const pull = what.startsWith('pulls/') ? github.pulls.find((one) => one.number === number) : undefined;
  return pull ? Response.json(pullRow(pull)) : problem(404, 'Not Found');
}

function listComments(github: FakeGitHub, request: FakeRequest, number: number): Response {
  const all = github.comments.filter(({ pull }) => pull === number);
  return page(github, request, `/repositories/1/issues/${number}/comments`, all.map(commentRow));
}

/** One page of a list; GitHub's links name the repository by its number, and repeat the query. */
export function page({ env }: FakeGitHub, request: FakeRequest, at: string, rows: readonly object[]): Response {
  const query = new URLSearchParams(request.query);
  const size = Math.min(Number(query.get('per_page') ?? 30), 100);
  const number = Number(query.get('page') ?? 1);
  const last = Math.ceil(rows.length / size);
  const link = (to: number, rel: string): string => {
    const target = new URLSearchParams({ ...Object.fromEntries(query), page: String(to) });
    return `<${env.GITHUB_API_URL ?? ''}${at}?${target.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(number > 1 ? [link(number - 1, 'prev')] : []),
    ...(number < last ? [link(number + 1, 'next'), link(last, 'last')] : []),
    ...(number > 1 ? [link(1, 'first')] : []),
  ];
  return Response.json(rows.slice((number - 1) * size, number * size), {
    headers: links.length > 0 ? { link: links.join(', ') } : {},
  });
}

function create(github: FakeGitHub, { body }: FakeRequest, pull: number, { login }: Account): Response {
  return (
    refusal(body.body) ??
    Response.json(commentRow(github.add({ pull, author: login, body: String(body.body) })), { status: 201 })
  );
}

function oneComment(github: FakeGitHub, { method, body }: FakeRequest, id: number, { login }: Account): Response {
  const index = github.comments.findIndex((one) => one.id === id);
  const comment = github.comments[index];
  if (!comment) return problem(404, 'Not Found');
  if (method === 'GET') return Response.json(commentRow(comment));
  if (method === 'DELETE') {
    github.comments.splice(index, 1);
    return new Response(null, { status: 204 });
  }
  const refused = refusal(body.body);
  if (refused) return refused;
  github.edit(id, login, String(body.body));
  return Response.json(commentRow(comment));
}

/** Counted in UTF-16 units, which is never less than what GitHub counts. */
function refusal(body: unknown): Response | undefined {
  if (typeof body === 'string' && body !== '' && body.length <= MAX_BODY) return undefined;
  const message = body ? `Body is too long (maximum is ${MAX_BODY} characters)` : "Body can't be blank";
  return problem(422, 'Validation Failed', {
    errors: [{ resource: 'IssueComment', code: 'unprocessable', field: 'data', message }],
  });
}

export const isBot = (login: string): boolean => login.endsWith('[bot]');
const nodeId = (id: number): string => `IC_${id}`;

const commentRow = ({ id, pull, author, body, lastEditedAt }: FakeComment): object => ({
  id,
  node_id: nodeId(id),
  html_url: `https://github.com/${FULL_NAME}/pull/${pull}#issuecomment-${id}`,
  body,
  user: { login: author, type: isBot(author) ? 'Bot' : 'User' },
  created_at: NOW,
  updated_at: lastEditedAt ?? NOW,
});

const pullRow = ({
  number,
  state = 'open',
  merged,
  mergeCommit,
  base = 'main',
  head = 'change',
  headRepo = FULL_NAME,
}: FakePull): object => ({
  number,
  state: merged ? 'closed' : state,
  merged_at: merged ? NOW : null,
  merge_commit_sha: mergeCommit ?? null,
  base: { ref: base, repo: { full_name: FULL_NAME } },
  head: { ref: head, sha: SHA, repo: { full_name: headRepo } },
});

/** GraphQL says `Bot` and no `[bot]` for the author of a comment, but `[bot]` for the viewer. */
function answerGraphql(github: FakeGitHub, { body }: FakeRequest, account: Account): Response {
  const actor = (login: string | null): object | null =>
    login === null ? null : { __typename: isBot(login) ? 'Bot' : 'User', login: login.replace(/\[bot\]$/, '') };
  const query = String(body.query);
  if (/\bviewer\b/.test(query)) return Response.json({ data: { viewer: { login: account.login } } });
  const id = (body.variables as { id?: string } | undefined)?.id ?? '';
  const comment = github.comments.find((one) => nodeId(one.id) === id);
  if (!comment) {
    const message = `Could not resolve to a node with the global id of '${id}'.`;
    return Response.json({ data: { node: null }, errors: [{ type: 'NOT_FOUND', path: ['node'], message }] });
  }
  const { author, editor, lastEditedAt } = comment;
  return Response.json({
    data: { node: { body: comment.body, lastEditedAt, author: actor(author), editor: actor(editor) } },
  });
}

/** Events a run may start with, and the variables that go with them. */
export interface EventOptions {
  readonly number?: number;
  readonly fork?: boolean;
  /** Ref of the run. */
  readonly ref?: string;
  readonly sha?: string;
  /** Message of the pushed commit. */
  readonly message?: string;
  /** An issue_comment on an issue instead of a pull request. */
  readonly issue?: boolean;
  readonly actor?: string;
}

/**
 * Writes the file of an event into a folder, reduced to what GitHub documents and this program could read.
 * @returns the variables of a job that was started by it
 */
export function writeEvent(folder: string, name: string, options: EventOptions = {}): Record<string, string> {
  const { number = 7, fork = false, issue = false, message = 'a change', sha = MERGE_SHA } = options;
  const queue = `refs/heads/gh-readonly-queue/main/pr-${number}-${'c'.repeat(40)}`;
  const refs: Readonly<Record<string, string>> = { push: 'refs/heads/main', merge_group: queue };
  const repo = (full: string): object => ({ full_name: full, fork: full !== FULL_NAME });
  const pull = {
    number,
    state: 'open',
    head: { ref: 'change', sha: SHA, repo: repo(fork ? `stranger/${REPO}` : FULL_NAME) },
    base: { ref: 'main', sha: 'd'.repeat(40), repo: repo(FULL_NAME) },
  };
  const parts: Readonly<Record<string, object>> = {
    issue_comment: { issue: { number, ...(issue ? {} : { pull_request: { url: 'https://api.github.com/x' } }) } },
    merge_group: { merge_group: { head_ref: queue, head_sha: sha, base_ref: 'refs/heads/main' } },
    push: { ref: options.ref ?? refs.push, after: sha, deleted: false, head_commit: { id: sha, message } },
  };
  const part = parts[name] ?? (name.startsWith('pull_request') ? { number, pull_request: pull } : {});
  const file = path.join(folder, 'event.json');
  writeFileSync(file, JSON.stringify({ repository: repo(FULL_NAME), sender: { login: 'octocat' }, ...part }));
  return {
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: file,
    GITHUB_SHA: sha,
    GITHUB_REF:
      options.ref ?? refs[name] ?? (name.startsWith('pull_request') ? `refs/pull/${number}/merge` : 'refs/heads/main'),
    GITHUB_ACTOR: options.actor ?? 'octocat',
  };
}

type Server = ReturnType<typeof serve>;

function listen(app: Hono<{ Bindings: HttpBindings }>): Promise<{ server: Server; port: number }> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }: AddressInfo) => {
      server.off('error', reject);
      resolve({ server, port });
    });
    server.once('error', reject);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
}
