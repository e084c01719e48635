import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { oidcEnvironment, writeCredentials } from '../../emulator/credentials.js';
import type { RequestLogEntry } from '../../emulator/index.js';
import { cancellable, CANCELLED, silence } from './support/cancel.js';
import { useReviews, type Review } from './support/pull-request.js';
import { newFolder, type Job, type StepResult } from './support/runner.js';
import { CONFIG, enginesOf, SUPPORT } from './support/stage.js';

const open = useReviews();
const stateIn = (body: string): string => /"state":"([^"]*)"/.exec(body)?.[1] ?? 'none';

/** Google's API takes the request that `when` picks and says nothing more; at that moment the workflow is cancelled. */
async function cancelledAt(
  review: Review,
  folder: string,
  when: (entry: RequestLogEntry) => boolean,
  job: Job = {},
  inputs: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  const { onStart, cancel } = cancellable();
  review.stage.emulator.interceptors.push({
    before: (entry) => {
      if (!when(entry)) return undefined;
      cancel();
      return silence();
    },
  });
  const result = await review.run(folder, 'pull_request', { inputs, job: { ...job, onStart } });
  review.stage.emulator.interceptors.length = 0;
  return result;
}

const isListOfServices = ({ path }: RequestLogEntry): boolean => path.endsWith('/services');

describe('a run that is cancelled while neither Google nor GitHub answers', () => {
  // Side by side, since most of it is waiting for a GitHub that does not answer.
  it.concurrent.each<[string, string, (entry: RequestLogEntry) => boolean]>([
    ['apply', 'reads', isListOfServices],
    ['apply', 'registers', ({ method, path }) => method === 'POST' && path.endsWith('/services')],
    ['apply', 'grants', ({ path }) => path.endsWith(':setIamPolicy')],
    ['apply', 'binds', ({ method, path }) => method === 'PATCH' && path.includes('/reasoningEngines/')],
    ['plan', 'reads', isListOfServices],
    ['verify', 'reads', isListOfServices],
  ])('%s, while it %s: ends by itself, with outputs and summary', async (folder, _what, when) => {
    const review = await open();
    review.github.before.push(() => silence());
    expect(await cancelledAt(review, folder, when)).toMatchObject(CANCELLED);
  });

  it.concurrent('apply, while a token is fetched', async () => {
    const review = await open();
    review.github.before.push(() => silence());
    const { url } = review.stage.emulator;
    const file = await writeCredentials({ url, directory: newFolder('credentials') });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: file, ...oidcEnvironment(url) };
    const result = await cancelledAt(review, 'apply', ({ api }) => api === 'sts', { env }, { access_token: '' });
    expect(result).toMatchObject(CANCELLED);
    expect(review.stage.writes()).toEqual([]);
  });

  it.concurrent('apply, while its approval is read: the plan is known all the same', async () => {
    const review = await open();
    const { onStart, cancel } = cancellable();
    review.github.before.push(() => {
      cancel();
      return silence();
    });
    const result = await review.run('apply', 'pull_request', { inputs: { approval: 'comment' }, job: { onStart } });
    expect(result).toMatchObject({ ...CANCELLED, outputs: { failure_reason: 'cancelled', to_bind: '2' } });
    expect(review.stage.writes()).toEqual([]);
  });

  it.concurrent('plan, while it writes a comment that it was told to insist on', async () => {
    const review = await open();
    const { onStart, cancel } = cancellable();
    review.github.before.push(() => {
      cancel();
      return silence();
    });
    const result = await review.run('plan', 'pull_request', { inputs: { comment: 'always' }, job: { onStart } });
    expect(result).toMatchObject({ ...CANCELLED, outputs: { failure_reason: 'cancelled', to_bind: '2' } });
  });
});

describe('a run that is cancelled while a metadata server says nothing', () => {
  let server: Server;
  let asked: () => void;
  beforeAll(async () => {
    server = createServer(() => asked());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it.each(['plan', 'apply', 'verify'])('%s: does not wait for the project it would have named', async (folder) => {
    const review = await open({ config: CONFIG.replace('project: acme-agents\n', '') });
    const { onStart, cancel } = cancellable();
    asked = cancel;
    const env = {
      RUNNER_ENVIRONMENT: 'self-hosted',
      METADATA_SERVER_DETECTION: 'assume-present',
      GCE_METADATA_HOST: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
    const result = await review.run(folder, 'pull_request', { inputs: { access_token: '' }, job: { env, onStart } });
    expect(result).toMatchObject(CANCELLED);
    expect(review.stage.emulator.requests).toEqual([]);
  });
});

describe('the comment of a run that is cancelled', () => {
  it('says so where a plan stood, since that was planned from something else', async () => {
    const review = await open();
    await review.run('plan');
    expect(stateIn(review.body())).toBe('planned');
    expect(await cancelledAt(review, 'plan', isListOfServices)).toMatchObject(CANCELLED);
    expect(stateIn(review.body())).toBe('failed');
    expect(review.body()).toContain('Failed: cancelled');
  });

  /** GitHub takes the comment that says this and says nothing more; at that moment the workflow is cancelled. */
  async function cancelledAsItSays(state: string, review: Review, folder: string): Promise<StepResult> {
    const { onStart, cancel } = cancellable();
    let isFirst = true;
    review.github.before.push(({ body }) => {
      if (!isFirst || typeof body.body !== 'string' || stateIn(body.body) !== state) return undefined;
      isFirst = false;
      cancel();
      return silence();
    });
    return review.run(folder, 'pull_request', { job: { onStart } });
  }

  it('is written although GitHub was silent about it at that moment: a plan', async () => {
    const review = await open();
    const result = await cancelledAsItSays('planned', review, 'plan');
    expect(result).toMatchObject(CANCELLED);
    expect(stateIn(review.body())).toBe('planned');
    expect(result.outputs.comment_url).toContain('#issuecomment-');
  });

  it('is written although GitHub was silent about it at that moment: what was applied', async () => {
    const review = await open();
    await review.run('plan');
    const result = await cancelledAsItSays('applied', review, 'apply');
    expect(result).toMatchObject(CANCELLED);
    expect(stateIn(review.body())).toBe('applied');
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'changed' });
  });

  it('says what is done and what is open, as log and summary do', async () => {
    const review = await open();
    const result = await cancelledAt(
      review,
      'apply',
      ({ method, path }) => method === 'PATCH' && path.endsWith(SUPPORT),
    );
    expect(result).toMatchObject(CANCELLED);
    for (const said of [result.log, result.summary, review.body()]) {
      const text = said.replaceAll('&#58;', ':');
      expect(text).toMatch(/Endpoint ticket-system .*: registered\./);
      expect(text).toMatch(/Endpoint ticket-system .*: 2 grants given\./);
      expect(text).toMatch(/Still open/);
      expect(text).toMatch(/Support agent.*: stopped before the end\./);
      expect(text).toMatch(/Run again.*what is done is kept/);
    }
  });
});
