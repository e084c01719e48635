import { isBot, NOW, page, problem, type Account, type FakeGitHub, type FakeRequest } from './github.js';

/*
 * Issues of GitHub's REST API, written from its documentation ("REST API endpoints for issues" and "... for issue comments"):
 * the list has pull requests among the issues, filters by `creator`, `state`, `sort` and `direction`; a repository without issues
 * answers 410; a title has at most 256 characters, a body 65,536.
 */

export interface FakeIssue {
  readonly number: number;
  readonly author: string;
  title: string;
  body: string;
  state: 'open' | 'closed';
  stateReason: string | null;
  /** Counts up with every change of any issue: GitHub's `updated_at`. */
  updated: number;
  /** Bodies of its comments, oldest first. */
  readonly comments: string[];
  /** The list shows pull requests too. */
  readonly isPull: boolean;
}

/** Lives as long as its server. */
export class FakeIssues {
  readonly all: FakeIssue[] = [];
  /** False: issues are turned off in the settings of the repository. */
  enabled = true;
  private changes = 0;

  /** An issue that somebody opened. */
  add(issue: Partial<FakeIssue> & { author: string; body: string }): FakeIssue {
    const number = 100 + this.all.length;
    const added: FakeIssue = {
      number,
      title: `issue ${number}`,
      state: 'open',
      stateReason: null,
      updated: (this.changes += 1),
      comments: [],
      isPull: false,
      ...issue,
    };
    this.all.push(added);
    return added;
  }

  find(number: number): FakeIssue | undefined {
    return this.all.find((issue) => issue.number === number);
  }

  touch(issue: FakeIssue): void {
    issue.updated = this.changes += 1;
  }
}

/** @returns the answer to a request for issues, or undefined when it is about something else */
export function answerIssues(github: FakeGitHub, request: FakeRequest, account: Account): Response | undefined {
  const [, what, number, comments] =
    /^\/(?:repos\/acme\/agents|repositories\/1)\/(issues)(?:\/(\d+)(\/comments)?)?$/.exec(request.path) ?? [];
  const issue = number === undefined ? undefined : github.issues.find(Number(number));
  // Conversations of pull requests are the other half of this server.
  if (
    what === undefined ||
    (number !== undefined && !issue && github.pulls.some((pull) => pull.number === Number(number)))
  ) {
    return undefined;
  }
  const isWrite = request.method !== 'GET';
  if (account.issues === 'none' || (isWrite && account.issues !== 'write')) {
    return problem(403, 'Resource not accessible by integration');
  }
  if (!github.issues.enabled) return problem(410, 'Issues are disabled for this repo');
  if (number === undefined) return isWrite ? create(github, request, account) : listIssues(github, request);
  if (!issue) return problem(404, 'Not Found');
  if (comments !== undefined) return comment(issue, request, github);
  return isWrite ? update(issue, request, github) : Response.json(rowOf(issue));
}

function listIssues(github: FakeGitHub, request: FakeRequest): Response {
  const query = new URLSearchParams(request.query);
  const [state, creator] = [query.get('state') ?? 'open', query.get('creator')];
  const order = (issue: FakeIssue): number => (query.get('sort') === 'updated' ? issue.updated : issue.number);
  const sign = query.get('direction') === 'asc' ? 1 : -1;
  const found = github.issues.all
    .filter((issue) => (state === 'all' || issue.state === state) && (creator === null || issue.author === creator))
    .sort((a, b) => sign * (order(a) - order(b)));
  return page(github, request, '/repositories/1/issues', found.map(rowOf));
}

function create(github: FakeGitHub, { body }: FakeRequest, { login }: Account): Response {
  const refused = refusal(body);
  if (refused) return refused;
  const issue = github.issues.add({ author: login, title: textOf(body.title), body: textOf(body.body) });
  return Response.json(rowOf(issue), { status: 201 });
}

function update(issue: FakeIssue, { body }: FakeRequest, { issues }: FakeGitHub): Response {
  const refused = refusal({ title: issue.title, ...body });
  if (refused) return refused;
  if (typeof body.title === 'string') issue.title = body.title;
  if (typeof body.body === 'string') issue.body = body.body;
  if (body.state === 'open' || body.state === 'closed') {
    issue.stateReason = body.state === 'open' ? 'reopened' : textOf(body.state_reason) || 'completed';
    issue.state = body.state;
  }
  issues.touch(issue);
  return Response.json(rowOf(issue));
}

function comment(issue: FakeIssue, { body }: FakeRequest, { issues }: FakeGitHub): Response {
  issue.comments.push(textOf(body.body));
  issues.touch(issue);
  return Response.json({ id: issue.number * 1000 + issue.comments.length, body: body.body }, { status: 201 });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function refusal({ title, body }: FakeRequest['body']): Response | undefined {
  const refuse = (field: string, message: string): Response =>
    problem(422, 'Validation Failed', { errors: [{ resource: 'Issue', code: 'custom', field, message }] });
  if (typeof title !== 'string' || title === '') return refuse('title', "title can't be blank");
  if (title.length > 256) return refuse('title', 'title is too long (maximum is 256 characters)');
  const isLong = typeof body === 'string' && body.length > 65_536;
  return isLong ? refuse('body', 'body is too long (maximum is 65536 characters)') : undefined;
}

const rowOf = ({ number, author, title, body, state, stateReason, isPull }: FakeIssue): object => ({
  number,
  html_url: `https://github.com/acme/agents/${isPull ? 'pull' : 'issues'}/${number}`,
  title,
  body,
  state,
  state_reason: stateReason,
  user: { login: author, type: isBot(author) ? 'Bot' : 'User' },
  created_at: NOW,
  ...(isPull ? { pull_request: { url: `https://api.github.com/repos/acme/agents/pulls/${number}` } } : {}),
});
