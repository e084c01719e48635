import { describe, expect, it } from '@jest/globals';
import { createIssues, type Issues } from '../../../src/github/issues.js';
import { GitHubApiError, GitHubRateLimitError, GitHubTokenError } from '../../../src/github/errors.js';
import { BOT, limits, problem, OWNER, REPO, TOKENS } from '../../contract/support/github.js';
import { thrownBy } from '../../support/errors.js';
import { parseMarker, planBody, useDesk, type Desk } from './helpers.js';

const openDesk = useDesk();

async function desk(options: Parameters<typeof openDesk>[0] = {}): Promise<Desk & { issues: Issues }> {
  const opened = await openDesk({ use: { needs: 'issues: write' }, ...options });
  return { ...opened, issues: createIssues(opened.github, { owner: OWNER, repo: REPO }, parseMarker) };
}

const issue = (label: string, digest = 'sha256:1') => ({
  title: `Drift: ${label}`,
  body: planBody(label, digest, 'Drift'),
});
const PATH = '/repos/acme/agents/issues';
const writes = ({ sent }: Desk): string[] => [
  ...sent('PATCH'),
  ...sent('POST').filter((line) => !line.includes('graphql')),
];

describe('drift without an issue', () => {
  it('opens one', async () => {
    const { server, issues, sent } = await desk();
    expect(await issues.keepOpen('a', issue('a'))).toEqual({
      what: 'opened',
      url: `https://github.com/acme/agents/issues/${server.issues.all[0]?.number ?? 0}`,
    });
    expect(server.issues.all).toMatchObject([{ author: BOT, title: 'Drift: a', body: issue('a').body, state: 'open' }]);
    expect(sent()).toEqual(['POST /graphql', `GET ${PATH}`, `GET ${PATH}`, `POST ${PATH}`]);
  });

  it('opens one per label', async () => {
    const { server, issues } = await desk();
    await issues.keepOpen('a', issue('a'));
    await issues.keepOpen('b', issue('b'));
    await issues.keepOpen('b', issue('b', 'sha256:2'));
    await issues.close('a', 'gone');
    expect(server.issues.all.map(({ title, state, body }) => [title, state, body])).toEqual([
      ['Drift: a', 'closed', issue('a').body],
      ['Drift: b', 'open', issue('b', 'sha256:2').body],
    ]);
  });

  it('opens one although the answer to the first try was lost', async () => {
    const opened = await desk();
    let lost = false;
    opened.server.after.push(({ method, path }) => {
      if (lost || method !== 'POST' || path !== PATH) return undefined;
      lost = true;
      return 'reset';
    });
    expect(await opened.issues.keepOpen('a', issue('a'))).toMatchObject({ what: 'unchanged' });
    expect(opened.server.issues.all).toHaveLength(1);
  });

  it('does not go on with a token whose issues no run would find again', async () => {
    const { server, issues } = await desk({ token: TOKENS.OTHER_APP });
    server.graphql = false;
    const error = await thrownBy(() => issues.keepOpen('a', issue('a')));
    expect(error).toMatchObject({ name: 'GitHubSetupError' });
    expect((error as Error).message).toMatch(/issues\/\d+ was opened by planner\[bot\], not by github-actions\[bot\]/);
  });
});

describe('the issue that is there', () => {
  it('is not written while it says the same, whatever people made of it', async () => {
    const opened = await desk();
    const { number } = opened.server.issues.add({
      author: BOT,
      title: 'renamed by hand',
      body: `${issue('a').body.replaceAll('\n', '\r\n')}\r\n\r\nA note by hand.`,
    });
    expect(await opened.issues.keepOpen('a', issue('a'))).toMatchObject({ what: 'unchanged' });
    expect(opened.server.issues.find(number)).toMatchObject({ title: 'renamed by hand' });
    expect(writes(opened)).toEqual([]);
  });

  it('is brought up to date in place, and not by a comment', async () => {
    const opened = await desk();
    await opened.issues.keepOpen('a', issue('a'));
    expect(await opened.issues.keepOpen('a', issue('a', 'sha256:2'))).toMatchObject({ what: 'updated' });
    expect(opened.server.issues.all).toMatchObject([
      { body: issue('a', 'sha256:2').body, state: 'open', comments: [] },
    ]);
  });

  it('is found behind pages of others and of pull requests', async () => {
    const { server, issues } = await desk();
    for (let n = 0; n < 250; n += 1) server.issues.add({ author: BOT, body: `issue ${n}`, isPull: n % 2 === 0 });
    const { number } = server.issues.add({ author: BOT, body: issue('a').body });
    expect(await issues.keepOpen('a', issue('a'))).toMatchObject({
      what: 'unchanged',
      url: expect.stringContaining(`${number}`),
    });
    const [, first, second] = server.requests.map(({ query }) => query);
    expect(first).toBe('state=open&sort=created&direction=asc&creator=github-actions%5Bbot%5D&per_page=100');
    expect(second).toBe(`${first ?? ''}&page=2`);
  });

  it('is opened anew when it was deleted in between', async () => {
    const { server, issues } = await desk();
    server.issues.add({ author: BOT, body: issue('a').body });
    server.answer(3, () => problem(410, 'This issue was deleted'));
    expect(await issues.keepOpen('a', issue('a', 'sha256:2'))).toMatchObject({ what: 'opened' });
  });

  it('is the older of two: the other one is closed as its duplicate', async () => {
    const { server, issues } = await desk();
    const [older, newer] = [1, 2].map(() => server.issues.add({ author: BOT, body: issue('a').body }));
    expect(await issues.keepOpen('a', issue('a'))).toMatchObject({ what: 'unchanged' });
    expect(older).toMatchObject({ state: 'open', comments: [] });
    expect(newer).toMatchObject({
      state: 'closed',
      stateReason: 'not_planned',
      comments: [`Duplicate of #${older?.number ?? 0}.`],
    });
  });
});

describe('drift that is gone', () => {
  it('closes the issue with one comment, and does so once', async () => {
    const opened = await desk();
    const { number } = opened.server.issues.add({ author: BOT, body: issue('a').body });
    expect(await opened.issues.close('a', 'All is well.')).toEqual([
      { what: 'closed', url: `https://github.com/acme/agents/issues/${number}` },
    ]);
    expect(await opened.issues.close('a', 'All is well.')).toEqual([]);
    expect(opened.server.issues.all).toMatchObject([
      { state: 'closed', stateReason: 'completed', comments: ['All is well.'] },
    ]);
    expect(writes(opened)).toEqual([`PATCH ${PATH}/${number}`, `POST ${PATH}/${number}/comments`]);
  });

  it('and comes back reopens the one that was closed last', async () => {
    const { server, issues } = await desk();
    const closed = ['sha256:1', 'sha256:2'].map((digest) =>
      server.issues.add({ author: BOT, body: issue('a', digest).body, state: 'closed' }),
    );
    if (closed[0]) server.issues.touch(closed[0]);
    expect(await issues.keepOpen('a', issue('a', 'sha256:3'))).toMatchObject({ what: 'reopened' });
    expect(closed).toMatchObject([
      { state: 'open', body: issue('a', 'sha256:3').body },
      { state: 'closed', body: issue('a', 'sha256:2').body },
    ]);
    expect(server.issues.all).toHaveLength(2);
  });

  it('is not looked for among all that was ever closed', async () => {
    const { server, issues, sent } = await desk();
    server.issues.add({ author: BOT, body: issue('a').body, state: 'closed' });
    for (let n = 0; n < 1_000; n += 1) server.issues.add({ author: BOT, body: 'another', state: 'closed' });
    expect(await issues.keepOpen('a', issue('a'))).toMatchObject({ what: 'opened' });
    expect(sent('GET')).toHaveLength(11);
  });
});

describe('issues of others', () => {
  it.each(['mallory', 'github-actions', 'planner[bot]'])('with our marker are left alone: %s', async (author) => {
    const { server, issues } = await desk();
    const forged = ['open', 'closed'].map((state) =>
      server.issues.add({ author, body: issue('a', 'sha256:forged').body, state: state as 'open' | 'closed' }),
    );
    const before = structuredClone(forged);
    expect(await issues.keepOpen('a', issue('a'))).toMatchObject({ what: 'opened' });
    expect(await issues.close('a', 'gone')).toHaveLength(1);
    expect(forged).toEqual(before);
  });

  it('are left alone by a server that does not filter, too', async () => {
    const { server, issues } = await desk();
    const rows = [
      { number: 5, user: { login: 'mallory' }, body: issue('a').body },
      { number: 6, user: null, body: issue('a').body },
      { number: 7, user: { login: BOT }, body: issue('a').body, pull_request: {} },
      { number: 8, user: { login: BOT }, body: `> quoted\n${issue('a').body}` },
      { number: 9, user: { login: BOT } },
      { number: 'x', user: { login: BOT }, body: issue('a').body },
      null,
    ];
    server.answer(2, () => Response.json(rows));
    expect(await issues.close('a', 'gone')).toEqual([]);
  });
});

describe('a token without rights', () => {
  it.each([TOKENS.READS_ISSUES, TOKENS.NO_ISSUES])('is told which permission it lacks: %s', async (token) => {
    const { server, issues } = await desk({ token });
    const error = await thrownBy(() => issues.keepOpen('a', issue('a')));
    expect(error).toBeInstanceOf(GitHubTokenError);
    expect((error as Error).message).toMatch(/permissions: issues: write/);
    expect((error as Error).message).not.toContain('pull-requests');
    expect(server.issues.all).toEqual([]);
  });

  it('may see a 404 instead, of a repository that it must not know', async () => {
    const { server, issues } = await desk();
    server.answer(2, () => problem(404, 'Not Found'));
    expect(await thrownBy(() => issues.close('a', 'gone'))).toMatchObject({ name: 'GitHubTokenError', status: 404 });
  });

  it('is not to blame where issues are turned off', async () => {
    const { server, issues } = await desk();
    server.issues.enabled = false;
    expect(await thrownBy(() => issues.keepOpen('a', issue('a')))).toMatchObject({
      name: 'GitHubApiError',
      status: 410,
    });
  });
});

describe('GitHub in trouble', () => {
  it('is waited for when it limits requests', async () => {
    const { server, issues, clock } = await desk();
    server.answer(2, () => limits.tooMany(2));
    server.answer(4, () => limits.secondary(3));
    const start = clock.now();
    expect(await issues.keepOpen('a', issue('a'))).toMatchObject({ what: 'opened' });
    expect(clock.now() - start).toBeGreaterThanOrEqual(5_000);
    expect(server.issues.all).toHaveLength(1);
  });

  it('ends as a limit when the wait would be too long, and as an error when it stays down', async () => {
    const limited = await desk({ patienceMs: 1_000 });
    limited.server.before.push(({ path }) => (path === PATH ? limits.tooMany(3_600) : undefined));
    expect(await thrownBy(() => limited.issues.close('a', 'gone'))).toBeInstanceOf(GitHubRateLimitError);
    const down = await desk();
    down.server.before.push(({ path }) => (path === PATH ? problem(502, 'Server Error') : undefined));
    expect(await thrownBy(() => down.issues.keepOpen('a', issue('a')))).toBeInstanceOf(GitHubApiError);
    expect(down.server.issues.all).toEqual([]);
  });
});

it('GitHub Enterprise Server has its API below /api', async () => {
  const { server, issues } = await desk({ enterprise: true });
  await issues.keepOpen('a', issue('a'));
  await issues.close('a', 'gone');
  expect(server.issues.all).toMatchObject([{ state: 'closed', comments: ['gone'] }]);
});
