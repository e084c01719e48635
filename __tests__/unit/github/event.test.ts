import { afterAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readEvent, type RunEvent } from '../../../src/github/event.js';
import { MERGE_SHA, SHA, writeEvent, type EventOptions } from '../../contract/support/github.js';
import { cleanUp, newFolder } from '../../contract/support/runner.js';

afterAll(cleanUp);

const RUN = { GITHUB_REPOSITORY: 'acme/agents', GITHUB_SERVER_URL: 'https://github.com', GITHUB_RUN_ID: '4711' };
const PULL = { owner: 'acme', repo: 'agents', number: 7 };

const eventOf = (name: string, options?: EventOptions, env: NodeJS.ProcessEnv = {}): RunEvent =>
  readEvent({ ...RUN, ...writeEvent(newFolder('event'), name, options), ...env });

/** A run whose event has this payload, whatever it is. */
function given(name: string, payload: unknown, env: NodeJS.ProcessEnv = {}): RunEvent {
  return readEvent({ ...RUN, GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: 'event', ...env }, () =>
    JSON.stringify(payload),
  );
}

describe('the pull request of a run', () => {
  it.each(['pull_request', 'pull_request_review', 'pull_request_review_comment'])(
    'on %s: its number, and its head instead of the merge',
    (name) => expect(eventOf(name)).toMatchObject({ name, pull: PULL, commit: SHA, fork: false, problem: undefined }),
  );

  it('on pull_request_target: its number, and the commit that is checked out', () => {
    expect(eventOf('pull_request_target')).toMatchObject({ pull: PULL, commit: MERGE_SHA, fork: false });
  });

  it('on issue_comment: only when the issue is one', () => {
    expect(eventOf('issue_comment')).toMatchObject({ pull: PULL, commit: MERGE_SHA, fork: undefined });
    expect(eventOf('issue_comment', { issue: true }).pull).toBeUndefined();
  });

  it.each([
    [`refs/heads/gh-readonly-queue/main/pr-7-${SHA}`, 7],
    [`refs/heads/gh-readonly-queue/release/pr-99-x/pr-7-${SHA}`, 7],
    ['refs/heads/gh-readonly-queue/main/pr-7', undefined],
    [`refs/heads/main/pr-7-${SHA}`, undefined],
    [`refs/heads/gh-readonly-queue/main/pr-7-${SHA}/more`, undefined],
    [`refs/heads/gh-readonly-queue/main/pr-0-${SHA}`, undefined],
    [`refs/heads/gh-readonly-queue/main/pr-${'9'.repeat(30)}-${SHA}`, undefined],
  ])('on merge_group: the number in the ref %s', (ref, number) => {
    expect(given('merge_group', { merge_group: { head_ref: ref } }).pull?.number).toBe(number);
    expect(given('merge_group', {}, { GITHUB_REF: ref }).pull?.number).toBe(number);
  });

  it('on push: has to be asked for', () => {
    const { pull, push } = eventOf('push', { message: ' Fix (#7)\n\nmore (#8)' });
    expect(pull).toBeUndefined();
    expect(push).toEqual({ commit: MERGE_SHA, branch: 'main', title: 'Fix (#7)' });
    expect(eventOf('push', { ref: 'refs/tags/v1' }).push?.branch).toBeUndefined();
    expect(eventOf('push', { ref: 'refs/heads/feature/x' }).push?.branch).toBe('feature/x');
  });

  it.each(['workflow_dispatch', 'schedule', 'workflow_run', 'release', '', 'constructor', '__proto__'])(
    'on %s: none',
    (name) => expect(eventOf(name)).toMatchObject({ pull: undefined, push: undefined, commit: MERGE_SHA }),
  );

  it('outside of a runner: none', () => {
    expect(readEvent({})).toEqual({
      name: '',
      repository: undefined,
      pull: undefined,
      push: undefined,
      commit: undefined,
      runUrl: undefined,
      fork: undefined,
      readOnly: undefined,
      problem: undefined,
    });
  });
});

describe('a fork', () => {
  it.each([
    ['pull_request', 'fork'],
    ['pull_request_review', 'fork'],
    ['pull_request_target', undefined],
  ])('on %s: the token can only read: %s', (name, readOnly) => {
    expect(eventOf(name, { fork: true })).toMatchObject({ fork: true, readOnly });
  });

  it('may be deleted, or have another case of the name', () => {
    const pull = (head: unknown) => given('pull_request', { pull_request: { number: 7, head } });
    expect(pull({ sha: SHA, repo: null })).toMatchObject({ fork: true, readOnly: 'fork', pull: PULL, commit: SHA });
    expect(pull({ sha: SHA, repo: { full_name: 'Acme/Agents' } })).toMatchObject({ fork: false, readOnly: undefined });
  });

  it('is no matter of Dependabot, whose token only reads as well', () => {
    expect(eventOf('pull_request', { actor: 'dependabot[bot]' })).toMatchObject({
      fork: false,
      readOnly: 'dependabot',
    });
    expect(eventOf('push', { actor: 'dependabot[bot]' }).readOnly).toBe('dependabot');
    expect(eventOf('schedule', { actor: 'dependabot[bot]' }).readOnly).toBeUndefined();
  });
});

describe('the page of the run', () => {
  it.each([
    [{}, 'https://github.com/acme/agents/actions/runs/4711'],
    [{ GITHUB_RUN_ATTEMPT: '1' }, 'https://github.com/acme/agents/actions/runs/4711'],
    [{ GITHUB_RUN_ATTEMPT: '3' }, 'https://github.com/acme/agents/actions/runs/4711/attempts/3'],
    [{ GITHUB_SERVER_URL: 'http://ghe.example:8080/' }, 'http://ghe.example:8080/acme/agents/actions/runs/4711'],
    [{ GITHUB_SERVER_URL: 'javascript:alert(1)' }, undefined],
    [{ GITHUB_SERVER_URL: 'https://a.example/) [x](https://evil.example' }, undefined],
    [{ GITHUB_RUN_ID: '../..' }, undefined],
    [{ GITHUB_RUN_ATTEMPT: 'x' }, 'https://github.com/acme/agents/actions/runs/4711'],
    [{ GITHUB_REPOSITORY: 'acme' }, undefined],
  ])('with %j is %s', (env, url) => expect(readEvent({ ...RUN, ...env }).runUrl).toBe(url));
});

describe('an event that is not as documented', () => {
  it.each([null, 7, 'x', [], [{ pull_request: { number: 7 } }], {}, { pull_request: null }, { pull_request: 'x' }])(
    'has no pull request: %j',
    (payload) => {
      for (const name of ['pull_request', 'pull_request_target', 'issue_comment', 'merge_group', 'schedule']) {
        expect(given(name, payload)).toMatchObject({ pull: undefined, problem: undefined });
      }
    },
  );

  it.each([0, -1, 1.5, '7', true, {}, null, 2 ** 60])('has no number %j', (number) => {
    expect(given('pull_request', { pull_request: { number } }).pull).toBeUndefined();
    expect(given('issue_comment', { issue: { number, pull_request: {} } }).pull).toBeUndefined();
  });

  it.each(['main', SHA.slice(1), `${SHA} `, SHA.toUpperCase(), '$(id)', 7])('has no commit %j', (sha) => {
    const env = { GITHUB_SHA: MERGE_SHA };
    expect(given('pull_request', { pull_request: { number: 7, head: { sha } } }, env).commit).toBe(MERGE_SHA);
    expect(given('push', {}, { GITHUB_SHA: String(sha) })).toMatchObject({ commit: undefined, push: undefined });
  });

  it.each(['', 'acme', 'acme/agents/x', '../agents', 'acme/..', 'ac me/agents', 'acme/agents?x', 'a/b\n'])(
    'has no repository %j',
    (name) => {
      const event = given('pull_request', { pull_request: { number: 7 } }, { GITHUB_REPOSITORY: name });
      expect(event).toMatchObject({ repository: undefined, pull: undefined });
    },
  );

  it('may have a branch that was deleted, or no message', () => {
    const env = { GITHUB_SHA: SHA, GITHUB_REF: 'refs/heads/main' };
    expect(given('push', { deleted: true }, env).push).toBeUndefined();
    expect(given('push', { head_commit: { message: 7 } }, env).push?.title).toBe('');
  });

  it('may have a file that is no JSON, or none at all: that is said, not thrown', () => {
    const file = path.join(newFolder('event'), 'event.json');
    writeFileSync(file, '{"pull_request":{"number":7');
    const env = { ...RUN, GITHUB_EVENT_NAME: 'push', GITHUB_EVENT_PATH: file, GITHUB_SHA: SHA };
    expect(readEvent(env)).toMatchObject({
      pull: undefined,
      push: undefined,
      problem: expect.stringContaining('is no JSON'),
    });
    expect(readEvent({ ...env, GITHUB_EVENT_PATH: `${file}.gone` })).toMatchObject({
      pull: undefined,
      problem: expect.stringContaining('can not be read'),
    });
  });
});
