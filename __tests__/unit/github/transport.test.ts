import { describe, expect, it } from '@jest/globals';
import { createComments } from '../../../src/github/comments.js';
import { GitHubNetworkError, GitHubRateLimitError, GitHubSetupError } from '../../../src/github/errors.js';
import { createGitHub } from '../../../src/github/octokit.js';
import { CancelledError } from '../../../src/google/errors.js';
import type { Fetch } from '../../../src/google/transport.js';
import { BOT, limits, problem } from '../../contract/support/github.js';
import { thrownBy } from '../../support/errors.js';
import { recordingLog } from '../../support/log.js';
import { fakeClock, fakeFetch } from '../google/fakes.js';
import { parseMarker, planBody, plainFetch, PULL, useDesk } from './helpers.js';

const desk = useDesk();
const wanted = { pull: PULL, label: 'a', body: () => planBody('a'), createIfMissing: true };

describe('a rate limit', () => {
  it.each([
    ['a secondary one', () => limits.secondary(5), 5_000],
    ['one that only says 429', () => limits.tooMany(5), 5_000],
  ])('is waited for, and the request sent again: %s', async (_what, answer, ms) => {
    const { server, comments, clock, log } = await desk();
    server.answer(1, answer);
    server.answer(3, answer);
    await comments.upsert(wanted);
    expect(server.comments).toHaveLength(1);
    expect(clock.slept).toEqual([ms, ms]);
    expect(log.lines()).toEqual(
      Array(2).fill(expect.stringMatching(/^GitHub limits .*: waiting 5 s, then trying again\.$/)),
    );
  });

  it('that ends at a time is waited for until then', async () => {
    const { server, comments, clock } = await desk();
    server.answer(1, () => limits.primary(Math.floor(Date.now() / 1000) + 30));
    await comments.upsert(wanted);
    expect(clock.slept).toHaveLength(1);
    expect(clock.slept[0]).toBeGreaterThan(25_000);
    expect(clock.slept[0]).toBeLessThanOrEqual(32_000);
  });

  it.each([
    ['a secondary one', () => limits.secondary(1)],
    ['one that only says 429', () => limits.tooMany(1)],
    ['abuse detection of an older server', () => problem(403, 'You have triggered an abuse detection mechanism.')],
    ['one of GraphQL', () => Response.json({ data: null, errors: [{ type: 'RATE_LIMITED', message: 'limit' }] })],
  ])('is waited for twice at most: %s', async (_what, answer) => {
    const { server, comments, clock } = await desk({ patienceMs: 1_000_000 });
    server.add({ pull: 7, author: BOT, body: planBody('a') });
    server.before.push(({ path }) => (path === '/graphql' ? answer() : undefined));
    expect(await thrownBy(() => comments.find(PULL, 'a'))).toBeInstanceOf(GitHubRateLimitError);
    expect(clock.slept).toHaveLength(2);
  });

  it.each([
    ['a secondary one', () => limits.secondary(61)],
    ['one that only says 429', () => limits.tooMany(61)],
    ['the primary one', () => limits.primary(Math.floor(Date.now() / 1000) + 3600)],
  ])('is not waited for longer than the run may: %s', async (_what, answer) => {
    const { server, comments, clock, log } = await desk({ patienceMs: 60_000 });
    server.answer(1, answer);
    const error = await thrownBy(() => comments.upsert(wanted));
    expect(error).toBeInstanceOf(GitHubRateLimitError);
    expect((error as GitHubRateLimitError).waitMs).toBeGreaterThanOrEqual(60_000);
    expect(clock.slept).toEqual([]);
    expect(log.lines()).toEqual([expect.stringContaining('longer than this run may wait')]);
  });

  it('has one budget for all waits', async () => {
    const { server, comments, clock } = await desk({ patienceMs: 10_000 });
    server.answer(1, () => limits.secondary(6));
    server.answer(2, () => limits.secondary(6));
    expect(await thrownBy(() => comments.upsert(wanted))).toBeInstanceOf(GitHubRateLimitError);
    expect(clock.slept).toEqual([6_000]);
  });
});

describe('trouble on the way', () => {
  it('of a read is tried again', async () => {
    const { server, comments, clock } = await desk();
    server.answer(1, () => problem(502, 'Server Error'));
    server.answer(2, () => 'reset');
    server.answer(3, () => problem(503, 'Unavailable'));
    await comments.upsert(wanted);
    expect(server.comments).toHaveLength(1);
    expect(clock.slept).toEqual([1_000, 2_000, 4_000]);
  });

  it('of a read is not tried for ever', async () => {
    const { server, comments } = await desk();
    server.before.push(() => 'reset');
    const error = await thrownBy(() => comments.find(PULL, 'a'));
    expect(error).toBeInstanceOf(GitHubNetworkError);
    expect((error as Error).message).toMatch(
      /^GET \/repos\/acme\/agents\/issues\/7\/comments of GitHub got no answer: /,
    );
    expect(server.requests).toHaveLength(4);
  });

  it('of an update is tried again: it does no harm twice', async () => {
    const { server, comments, sent } = await desk();
    server.add({ pull: 7, author: BOT, body: planBody('a', 'sha256:0') });
    let cut = true;
    server.after.push(({ method }) => {
      if (method !== 'PATCH' || !cut) return undefined;
      cut = false;
      return 'reset';
    });
    expect(await comments.upsert(wanted)).toContain('#issuecomment-');
    expect(sent('PATCH')).toHaveLength(2);
  });

  it.each([
    ['the connection breaks', () => 'reset' as const],
    ['a proxy says 502', () => problem(502, 'Bad Gateway')],
  ])('after a comment was created: there is one all the same (%s)', async (_what, interference) => {
    const { server, comments, sent } = await desk();
    let cut = true;
    server.after.push(({ method, path }) => {
      if (method !== 'POST' || path === '/graphql' || !cut) return undefined;
      cut = false;
      return interference();
    });
    expect(await comments.upsert(wanted)).toContain('#issuecomment-');
    expect(server.comments).toHaveLength(1);
    expect(sent('POST')).toEqual(['POST /repos/acme/agents/issues/7/comments', 'POST /graphql']);
  });

  it('before a comment was created: it is created after another look', async () => {
    const { server, comments, sent } = await desk();
    server.answer(2, () => 'reset');
    await comments.upsert(wanted);
    expect(server.comments).toHaveLength(1);
    expect(sent()).toEqual(
      ['GET', 'POST', 'GET', 'POST'].map((method) => `${method} /repos/acme/agents/issues/7/comments`),
    );
  });

  it('ends after three tries to create', async () => {
    const { server, comments, sent } = await desk();
    server.before.push(({ method }) => (method === 'POST' ? 'reset' : undefined));
    expect(await thrownBy(() => comments.upsert(wanted))).toBeInstanceOf(GitHubNetworkError);
    expect(sent('POST')).toHaveLength(3);
  });

  it('is an answer that is no list', async () => {
    const { server, comments } = await desk();
    server.answer(1, () => new Response('<html>Sign in</html>', { headers: { 'content-type': 'text/html' } }));
    const error = await thrownBy(() => comments.upsert(wanted));
    expect((error as Error).message).toMatch(/answered 200: that is no list$/);
    expect(server.comments).toEqual([]);
  });
});

describe('the end of the run', () => {
  it('ends a wait', async () => {
    const stop = new AbortController();
    const { server, comments } = await desk({ signal: stop.signal });
    server.answer(1, () => {
      stop.abort(new CancelledError());
      return limits.secondary(5);
    });
    expect(await thrownBy(() => comments.upsert(wanted))).toBeInstanceOf(CancelledError);
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['for a limit that only says 429', () => limits.tooMany(5)],
    ['before another look at a comment', () => 'reset' as const],
  ])('ends a wait %s', async (_what, interference) => {
    const stop = new AbortController();
    const clock = {
      now: () => 0,
      sleep: () => {
        stop.abort(new CancelledError());
        return Promise.reject(stop.signal.reason as Error);
      },
    };
    const { server, comments } = await desk({ signal: stop.signal, clock });
    server.before.push(({ method }) => (method === 'POST' ? interference() : undefined));
    expect(await thrownBy(() => comments.upsert(wanted))).toBeInstanceOf(CancelledError);
    expect(server.requests).toHaveLength(2);
  });

  it('ends a request under way', async () => {
    const stop = new AbortController();
    const { server, comments } = await desk({ signal: stop.signal });
    server.before.push(async () => {
      stop.abort(new CancelledError());
      await new Promise((resolve) => setTimeout(resolve, 50));
      return undefined;
    });
    expect(await thrownBy(() => comments.upsert(wanted))).toBeInstanceOf(CancelledError);
  });
});

describe('where the token goes', () => {
  const options = (env: NodeJS.ProcessEnv, fetch: Fetch = plainFetch, token = 'ghs_x') => ({
    token,
    env,
    fetch,
    clock: fakeClock(),
    signal: new AbortController().signal,
    log: recordingLog(),
    random: () => 1,
    patienceMs: 0,
    use: { needs: 'pull-requests: write' as const },
  });

  it.each([
    'http://ghe.example.com/api/v3',
    'ftp://127.0.0.1/',
    'nonsense',
    'https://user:secret@ghe.example.com/',
    'https://ghe.example.com/?a=b',
  ])('never to %s', async (url) => {
    const { fetch, calls } = fakeFetch({});
    const error = await thrownBy(() => createGitHub(options({ GITHUB_API_URL: url }, fetch)));
    expect(error).toBeInstanceOf(GitHubSetupError);
    expect((error as Error).message).toMatch(/^GITHUB_API_URL/);
    expect((error as Error).message).not.toContain('secret');
    expect(calls).toEqual([]);
  });

  it.each([
    [{}, 'https://api.github.com/'],
    [{ GITHUB_API_URL: 'https://ghe.example.com/api/v3/' }, 'https://ghe.example.com/api/v3/'],
    [{ GITHUB_API_URL: 'http://127.0.0.1:1/api' }, 'http://127.0.0.1:1/api/'],
  ])('to the API: %j', async (env, root) => {
    const { fetch, calls } = fakeFetch({ json: [], headers: { 'content-type': 'application/json' } });
    await createComments(await createGitHub(options(env, fetch)), parseMarker).find(PULL, 'a');
    expect(calls.map(({ url }) => url)).toEqual([`${root}repos/acme/agents/issues/7/comments?per_page=100`]);
    expect(calls[0]?.headers).toMatchObject({ authorization: 'token ghs_x' });
    expect(calls[0]?.headers['user-agent']).toMatch(/^bind-agent-gateway\//);
  });

  it('not to another host that a page or a redirect names', async () => {
    const pages = fakeFetch({
      json: [],
      headers: { 'content-type': 'application/json', link: '<https://evil.example/x>; rel="next"' },
    });
    const moved = fakeFetch({ status: 307, headers: { location: 'https://evil.example/x' } });
    for (const { fetch, calls } of [pages, moved]) {
      const comments = createComments(await createGitHub(options({}, fetch)), parseMarker);
      expect(await thrownBy(() => comments.find(PULL, 'a'))).toBeInstanceOf(GitHubSetupError);
      expect(calls).toHaveLength(1);
    }
  });

  it('along with a renamed repository', async () => {
    const { server, comments } = await desk();
    for (const nth of [1, 3]) {
      const location = `${server.url}/repositories/1/issues/7/comments`;
      server.answer(nth, () => new Response(null, { status: nth === 1 ? 301 : 307, headers: { location } }));
    }
    await comments.upsert(wanted);
    expect(server.comments).toHaveLength(1);
  });

  it('nowhere when there is none', async () => {
    expect(await thrownBy(() => createGitHub(options({}, plainFetch, ' ')))).toMatchObject({
      message: 'There is no GitHub token: set the input github_token.',
    });
  });
});

it('each request is logged for debugging, without the token', async () => {
  const { comments, log } = await desk();
  await comments.upsert(wanted);
  expect(log.lines('debug').map((line) => line.replace(/:\d+\//, '/'))).toEqual([
    expect.stringMatching(
      /^GET http:\/\/127\.0\.0\.1\/repos\/acme\/agents\/issues\/7\/comments\?per_page=100 200 \d+ ms$/,
    ),
    expect.stringMatching(/^POST http:\/\/127\.0\.0\.1\/repos\/acme\/agents\/issues\/7\/comments 201 \d+ ms$/),
  ]);
});
