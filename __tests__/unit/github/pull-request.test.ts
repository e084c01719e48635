import { afterAll, describe, expect, it } from '@jest/globals';
import { readEvent, type RunEvent } from '../../../src/github/event.js';
import { findPullRequest } from '../../../src/github/pull-request.js';
import {
  MERGE_SHA,
  problem,
  SHA,
  writeEvent,
  type EventOptions,
  type FakePull,
} from '../../contract/support/github.js';
import { cleanUp, newFolder } from '../../contract/support/runner.js';
import { thrownBy } from '../../support/errors.js';
import { useDesk, type Desk } from './helpers.js';

const desk = useDesk();
afterAll(cleanUp);

const eventOf = (here: Desk, name: string, options?: EventOptions): RunEvent =>
  readEvent({ ...here.server.env, ...writeEvent(newFolder('event'), name, options) });
const find = async (here: Desk, options?: EventOptions, waitMs = 0): Promise<number | undefined> =>
  (await findPullRequest(eventOf(here, 'push', options), () => Promise.resolve(here.github), { waitMs }))?.number;

function brings(here: Desk, pulls: readonly FakePull[]): void {
  here.server.pulls.splice(0, Infinity, ...pulls);
  here.server.commits.set(
    MERGE_SHA,
    pulls.map(({ number }) => number),
  );
}

it.each(['pull_request', 'issue_comment', 'merge_group', 'schedule'])('%s asks nobody', async (name) => {
  const here = await desk();
  const never = () => Promise.reject(new Error('asked'));
  expect((await findPullRequest(eventOf(here, name), never))?.number).toBe(name === 'schedule' ? undefined : 7);
});

describe('a push belongs to', () => {
  const merged = { merged: true, mergeCommit: MERGE_SHA };
  it.each<[string, number | undefined, FakePull[], string?]>([
    ['the merged pull request', 8, [{ number: 7 }, { number: 8, merged: true }]],
    [
      'the one that was merged here',
      8,
      [
        { number: 7, merged: true, base: 'develop' },
        { number: 8, merged: true },
      ],
    ],
    [
      'the one that was merged as this commit',
      8,
      [
        { number: 7, merged: true },
        { number: 8, ...merged },
      ],
    ],
    [
      'the one merged as this commit, pushed on to another branch',
      7,
      [{ number: 7, ...merged }],
      'refs/heads/production',
    ],
    ['the merged one of a tag', 7, [{ number: 7, merged: true, base: 'release' }], 'refs/tags/v1'],
    [
      'nobody when two were merged',
      undefined,
      [
        { number: 7, merged: true },
        { number: 8, merged: true },
      ],
    ],
    ['the only open one', 7, [{ number: 7 }]],
    ['the open one of this branch', 8, [{ number: 7 }, { number: 8, head: 'topic' }], 'refs/heads/topic'],
    ['nobody when two are open', undefined, [{ number: 7 }, { number: 8 }]],
    [
      'nobody when a fork has a branch of that name',
      undefined,
      [{ number: 7, head: 'main', headRepo: 'x/agents' }, { number: 8 }],
    ],
    ['nobody when it was closed', undefined, [{ number: 7, state: 'closed' }]],
  ])('%s', async (_what, number, pulls, ref = 'refs/heads/main') => {
    const here = await desk();
    brings(here, pulls);
    expect(await find(here, { ref })).toBe(number);
  });

  it('says whether it was merged', async () => {
    for (const merged of [true, false]) {
      const here = await desk();
      brings(here, [{ number: 7, merged }]);
      const found = await findPullRequest(eventOf(here, 'push'), () => Promise.resolve(here.github));
      expect(found).toMatchObject({ number: 7, merged });
    }
  });

  it('nobody when GitHub knows of none', async () => {
    const here = await desk();
    expect(await find(here)).toBeUndefined();
    expect(here.sent()).toEqual([`GET /repos/acme/agents/commits/${MERGE_SHA}/pulls`]);
  });

  it('nobody when the answer is not as documented', async () => {
    const here = await desk();
    const rows = [null, 7, { number: '7' }, { number: 9, state: 'open', base: { repo: { full_name: 'x/y' } } }];
    here.server.answer(1, () => Response.json(rows));
    here.server.answer(2, () => Response.json({ message: 'hello' }));
    expect(await find(here)).toBeUndefined();
    expect(await find(here)).toBeUndefined();
  });
});

describe('a merge that GitHub has not listed yet', () => {
  it.each(['Merge pull request #7 from acme/change', 'Fix the gateway (#7)'])(
    'is found by its title: %s',
    async (message) => {
      const here = await desk();
      here.server.pulls.splice(0, 1, { number: 7, merged: true, mergeCommit: MERGE_SHA });
      expect(await find(here, { message })).toBe(7);
    },
  );

  it.each([
    ['is not merged', { number: 7 }],
    ['was merged as another commit', { number: 7, merged: true, mergeCommit: SHA }],
    ['does not exist', { number: 8 }],
  ])('is not found by a title that names one that %s', async (_what, pull: FakePull) => {
    const here = await desk();
    here.server.pulls.splice(0, 1, pull);
    expect(await find(here, { message: 'Trust me (#7)' })).toBeUndefined();
  });

  it('is asked for again for as long as the run wants to', async () => {
    const here = await desk();
    here.server.answer(3, () => {
      brings(here, [{ number: 7, merged: true }]);
      return undefined;
    });
    expect(await find(here, {}, 6_000)).toBe(7);
    expect(here.clock.slept).toEqual([2_000, 4_000]);
  });

  it('is given up after that', async () => {
    const here = await desk();
    expect(await find(here, {}, 5_000)).toBeUndefined();
    expect(here.clock.slept).toEqual([2_000]);
  });
});

it('says so when GitHub does not answer', async () => {
  const here = await desk({ patienceMs: 0 });
  here.server.answer(1, () => problem(403, 'Resource not accessible by integration'));
  here.server.answer(2, () => problem(502, 'Server Error'));
  expect(await thrownBy(() => find(here))).toMatchObject({ name: 'GitHubTokenError', status: 403 });
  expect(await thrownBy(() => find(here))).toMatchObject({ name: 'GitHubApiError', status: 502 });
});
