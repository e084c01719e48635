import { describe, expect, it } from '@jest/globals';
import { GitHubError, GitHubTokenError } from '../../../src/github/errors.js';
import { BOT, problem, TOKENS } from '../../contract/support/github.js';
import { thrownBy } from '../../support/errors.js';
import { chat, planBody, PULL, useDesk } from './helpers.js';

const desk = useDesk();
const LIST = 'GET /repos/acme/agents/issues/7/comments';
const CREATE = 'POST /repos/acme/agents/issues/7/comments';
const upsert = (body: string, label = 'a', createIfMissing = true) => ({
  pull: PULL,
  label,
  body: () => body,
  createIfMissing,
});

describe('a pull request without a comment', () => {
  it('gets one, and nobody is asked who we are', async () => {
    const { server, comments, sent } = await desk();
    const url = await comments.upsert(upsert(planBody('a')));
    expect(url).toBe(`https://github.com/acme/agents/pull/7#issuecomment-${server.comments[0]?.id ?? 0}`);
    expect(server.comments).toMatchObject([{ pull: 7, author: BOT, body: planBody('a') }]);
    expect(sent()).toEqual([LIST, CREATE]);
  });

  it('stays without one when none is wanted', async () => {
    const { server, comments, sent } = await desk();
    expect(await comments.upsert(upsert(planBody('a'), 'a', false))).toBeUndefined();
    expect(server.comments).toEqual([]);
    expect(sent()).toEqual([LIST]);
  });

  it('is told apart from one that is not there', async () => {
    const { server, comments } = await desk();
    server.pulls.length = 0;
    const error = await thrownBy(() => comments.upsert(upsert(planBody('a'))));
    // A private repository that the token may not see answers the same.
    expect(error).toBeInstanceOf(GitHubTokenError);
    expect(error).toMatchObject({ status: 404, message: expect.stringContaining('pull-requests: write') });
  });
});

describe('the comment that is there', () => {
  it('is updated in place, whatever comes after it', async () => {
    const { server, comments, sent } = await desk();
    const { id } = server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:1') });
    chat(server, 3);
    expect(await comments.upsert(upsert(planBody('a', 'sha256:2'), 'a', false))).toContain(`#issuecomment-${id}`);
    expect(server.comments[0]?.body).toBe(planBody('a', 'sha256:2'));
    expect(server.comments).toHaveLength(4);
    expect(sent()).toEqual([LIST, 'POST /graphql', `PATCH /repos/acme/agents/issues/comments/${id}`]);
  });

  it('is left alone when what is there asks for it', async () => {
    const { server, comments, sent } = await desk();
    const { id } = server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:1') });
    const body = (found?: { marker: { digest: string } }): string | undefined =>
      found?.marker.digest === 'sha256:1' ? undefined : planBody('a');
    const wanted = { ...upsert(''), body };
    expect(await comments.upsert(wanted)).toContain(`#issuecomment-${id}`);
    expect([...sent('PATCH'), ...sent('POST /repos')]).toEqual([]);
  });

  it('is not written when nothing changed', async () => {
    const { server, comments, sent } = await desk();
    const { id } = server.add({ pull: 7, author: BOT, body: `${planBody('a').replace('\n', '\r\n')}\r\n` });
    expect(await comments.upsert(upsert(planBody('a')))).toContain(`#issuecomment-${id}`);
    expect(sent('PATCH')).toEqual([]);
  });

  it('is found behind three pages of other comments', async () => {
    const { server, comments } = await desk();
    chat(server, 150);
    const { id } = server.add({ pull: 7, author: BOT, body: planBody('a') });
    chat(server, 120);
    expect(await comments.find(PULL, 'a')).toMatchObject({ id, marker: { label: 'a', digest: 'sha256:1' } });
    expect(
      server.requests.filter(({ method }) => method === 'GET').map(({ path, query }) => `${path}?${query}`),
    ).toEqual([
      '/repos/acme/agents/issues/7/comments?per_page=100',
      '/repositories/1/issues/7/comments?per_page=100&page=2',
      '/repositories/1/issues/7/comments?per_page=100&page=3',
    ]);
  });

  it('stands beside one with another label', async () => {
    const { server, comments } = await desk();
    await comments.upsert(upsert(planBody('a'), 'a'));
    await comments.upsert(upsert(planBody('b'), 'b'));
    await comments.upsert(upsert(planBody('a', 'sha256:2'), 'a'));
    await comments.upsert(upsert(planBody('b', 'sha256:3'), 'b'));
    expect(server.comments.map(({ body }) => body)).toEqual([planBody('a', 'sha256:2'), planBody('b', 'sha256:3')]);
  });

  it('is the newest of several, and the log says so', async () => {
    const { server, comments, log } = await desk();
    server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:1') });
    const { id } = server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:2') });
    expect(await comments.find(PULL, 'a')).toMatchObject({ id });
    expect(log.lines()).toEqual([expect.stringMatching(`has 2 comments for "a": the newest counts, .*-${id}$`)]);
  });

  it('is written anew when it was deleted in between, if one is wanted', async () => {
    const { server, comments } = await desk();
    server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:1') });
    server.before.push(({ method }) => {
      if (method === 'PATCH') server.comments.length = 0;
      return undefined;
    });
    expect(await comments.upsert(upsert(planBody('a', 'sha256:2'), 'a', false))).toBeUndefined();
    expect(server.comments).toEqual([]);
    server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:1') });
    expect(await comments.upsert(upsert(planBody('a', 'sha256:2')))).toContain('#issuecomment-');
    expect(server.comments.map(({ body }) => body)).toEqual([planBody('a', 'sha256:2')]);
  });
});

describe('comments of others', () => {
  it.each(['mallory', 'github-actions', 'planner[bot]'])('with our marker are left alone: %s', async (author) => {
    const { server, comments, sent } = await desk();
    server.add({ pull: 7, author, body: planBody('a', 'sha256:forged') });
    expect(await comments.find(PULL, 'a')).toBeUndefined();
    await comments.upsert(upsert(planBody('a')));
    expect(server.comments.map(({ body }) => body)).toEqual([planBody('a', 'sha256:forged'), planBody('a')]);
    expect(sent('PATCH')).toEqual([]);
  });

  it('may have no author and no text', async () => {
    const { server, comments } = await desk();
    const rows = [{ id: 1, user: null, body: planBody('a') }, { id: 2, user: { login: BOT } }, { id: 'x' }, null, 7];
    server.answer(1, () => Response.json(rows));
    expect(await comments.find(PULL, 'a')).toBeUndefined();
  });

  it('do not count when our marker is not on the first line', async () => {
    const { server, comments } = await desk();
    server.add({ pull: 7, author: BOT, body: `> quoted\n${planBody('a')}` });
    expect(await comments.find(PULL, 'a')).toBeUndefined();
  });
});

describe('whose comments are ours', () => {
  it.each([
    [TOKENS.OTHER_APP, 'planner[bot]'],
    [TOKENS.PERSON, 'octocat'],
  ])('those of the user of %s', async (token, author) => {
    const { server, comments } = await desk({ token });
    server.add({ pull: 7, author: BOT, body: planBody('a') });
    const { id } = server.add({ pull: 7, author, body: planBody('a') });
    server.add({ pull: 7, author: BOT, body: planBody('a') });
    expect(await comments.find(PULL, 'a')).toMatchObject({ id });
  });

  it('is asked once', async () => {
    const { server, comments, sent } = await desk();
    server.add({ pull: 7, author: BOT, body: planBody('a') });
    await comments.find(PULL, 'a');
    await comments.find(PULL, 'a');
    expect(sent('POST')).toEqual(['POST /graphql']);
  });

  it.each([
    [TOKENS.JOB, BOT],
    [TOKENS.PERSON, 'octocat'],
  ])('is asked of REST where there is no GraphQL: %s', async (token, author) => {
    const { server, comments, sent } = await desk({ token });
    server.graphql = false;
    const { id } = server.add({ pull: 7, author, body: planBody('a') });
    expect(await comments.find(PULL, 'a')).toMatchObject({ id });
    expect(sent()).toEqual([LIST, 'POST /graphql', 'GET /user']);
  });

  it('has [bot] for an app, even if GraphQL leaves it out', async () => {
    const { server, comments } = await desk();
    const { id } = server.add({ pull: 7, author: BOT, body: planBody('a') });
    server.add({ pull: 7, author: 'github-actions', body: planBody('a') });
    server.answer(2, () => Response.json({ data: { viewer: { login: 'github-actions' } } }));
    expect(await comments.find(PULL, 'a')).toMatchObject({ id });
  });

  it.each([
    ['neither GraphQL nor REST may be asked', [{ type: 'FORBIDDEN', message: 'no' }]],
    ['the token has no scope for it', [{ type: 'INSUFFICIENT_SCOPES', message: 'no' }]],
  ])('is taken for the job when %s', async (_what, errors) => {
    const { server, comments } = await desk();
    const { id } = server.add({ pull: 7, author: BOT, body: planBody('a') });
    server.answer(2, () => Response.json({ data: null, errors }));
    expect(await comments.find(PULL, 'a')).toMatchObject({ id });
  });

  it.each([
    ['GraphQL', [() => problem(502, 'Server Error')]],
    ['GraphQL inside', [() => Response.json({ data: null, errors: [{ message: 'Something went wrong' }] })]],
    ['REST', [() => problem(404, 'Not Found'), () => problem(502, 'Server Error')]],
    ['the token', [() => problem(401, 'Bad credentials')]],
  ])('is not guessed when %s is out of order', async (_what, answers) => {
    const { server, comments } = await desk({ patienceMs: 0 });
    server.add({ pull: 7, author: 'planner[bot]', body: planBody('a') });
    answers.forEach((answer, index) => server.answer(index + 2, answer));
    expect(await thrownBy(() => comments.upsert(upsert(planBody('a'))))).toBeInstanceOf(GitHubError);
    expect(server.comments).toHaveLength(1);
  });
});

describe('a token that may not write', () => {
  it('of a fork: the permission is named, and that it is a fork', async () => {
    const { server, comments } = await desk({
      token: TOKENS.READ_ONLY,
      use: { needs: 'pull-requests: write', readOnly: 'fork' },
    });
    const error = await thrownBy(() => comments.upsert(upsert(planBody('a'))));
    expect(error).toBeInstanceOf(GitHubTokenError);
    expect(error).toMatchObject({
      status: 403,
      readOnly: 'fork',
      githubMessage: 'Resource not accessible by integration',
    });
    expect((error as Error).message).toMatch(/permissions: pull-requests: write.* from a fork/);
    expect(server.comments).toEqual([]);
  });

  it.each([
    ['dependabot', /permissions: pull-requests: write.*Dependabot/],
    [undefined, /permissions: pull-requests: write.*Give it to the job/],
  ] as const)('of %s: what to do is said', async (readOnly, words) => {
    const { comments } = await desk({ token: TOKENS.READ_ONLY, use: { needs: 'pull-requests: write', readOnly } });
    const error = await thrownBy(() => comments.upsert(upsert(planBody('a'))));
    expect((error as Error).message).toMatch(words);
    expect((error as Error).message).not.toMatch(/fork|pull_request_target|checkout/);
  });

  it('may see a 404 instead, on a write', async () => {
    const { server, comments } = await desk();
    server.answer(2, () => problem(404, 'Not Found'));
    expect(await thrownBy(() => comments.upsert(upsert(planBody('a'))))).toBeInstanceOf(GitHubTokenError);
  });

  it('may be unknown, and is never shown', async () => {
    const { comments, log } = await desk({ token: 'ghs_expired' });
    const error = await thrownBy(() => comments.upsert(upsert(planBody('a'))));
    expect(error).toMatchObject({ name: 'GitHubTokenError', status: 401 });
    expect((error as Error).message).toMatch(/input github_token.*Bad credentials/);
    expect(JSON.stringify([error, (error as Error).message, (error as Error).stack, log.entries])).not.toContain(
      'ghs_',
    );
    expect((error as Error).cause).toBeUndefined();
  });

  it('is not to blame for a locked conversation or a comment that is too long', async () => {
    const { server, comments } = await desk();
    server.answer(2, () => problem(403, 'Unable to create comment because issue is locked.'));
    expect(await thrownBy(() => comments.upsert(upsert(planBody('a'))))).toMatchObject({
      name: 'GitHubApiError',
      status: 403,
    });
    const long = await thrownBy(() => comments.upsert(upsert('x'.repeat(65_537))));
    expect(long).toMatchObject({ name: 'GitHubApiError', status: 422 });
    expect((long as Error).message).toContain('Validation Failed: Body is too long (maximum is 65536 characters)');
  });
});

it('GitHub Enterprise Server has its API below /api', async () => {
  const { server, comments } = await desk({ enterprise: true });
  await comments.upsert(upsert(planBody('a')));
  await comments.upsert(upsert(planBody('a', 'sha256:2')));
  expect(server.comments.map(({ body }) => body)).toEqual([planBody('a', 'sha256:2')]);
  expect(server.requests.map(({ path }) => path)).toContain('/api/graphql');
});
