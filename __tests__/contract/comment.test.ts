import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { BOT, limits, MERGE_SHA, problem, TOKENS } from './support/github.js';
import type { StepResult } from './support/runner.js';
import { declaredWorld, FILE_IN_REPOSITORY } from './support/declared.js';
import { show, shownBy, useReviews, type Review, type Shown } from './support/pull-request.js';
import { annotations, BILLING, CONFIG, TOKEN, world } from './support/stage.js';

const open = useReviews();
const digestIn = (body: string): string => /"digest":"([^"]*)"/.exec(body.split('\n', 1)[0] ?? '')?.[1] ?? 'none';
const stateIn = (body: string): string => /"state":"([^"]*)"/.exec(body.split('\n', 1)[0] ?? '')?.[1] ?? 'none';
const writesOf = ({ github }: Review): string[] =>
  github.requests
    .filter(({ method }) => ['POST', 'PATCH'].includes(method))
    .map(({ method, path }) => `${method} ${path}`);
const complaints = ({ log }: StepResult): string[] =>
  annotations(log, 'warning').filter((text) => text.includes('comment'));
const creations = (review: Review): string[] => writesOf(review).filter((line) => /POST .*\/comments$/.test(line));

/** What a plan leaves on a pull request. */
let planned: Shown;
beforeAll(async () => {
  const review = await open();
  await review.run('plan');
  planned = shownBy(review);
});
/** A pull request with that on it. */
async function shown(options: Parameters<typeof open>[0] = {}): Promise<Review> {
  const review = await open(options);
  show(review, planned);
  return review;
}

describe('a plan on a pull request', () => {
  it('is a comment that says what would be done, with the digest on its first line', async () => {
    const review = await open();
    const { exitCode, outputs } = await review.run('plan');
    expect(exitCode).toBe(0);
    expect(outputs.comment_url).toContain('/pull/7#issuecomment-');
    const body = review.body();
    expect(digestIn(body)).toBe(outputs.plan_digest);
    expect(body).toMatch(/Support agent/);
    expect(body).toContain('tickets&#46;example.com'.replace('&#46;', '.'));
    expect(body).toContain(`${review.github.url}/acme/agents/actions/runs/4711`);
    expect(review.stage.writes()).toEqual([]);
  });

  it('is updated in place, behind three pages of what others say', async () => {
    const review = await open();
    const talk = (count: number): void => {
      for (let n = 0; n < count; n += 1) review.github.add({ pull: 7, author: `reviewer-${n}`, body: `comment ${n}` });
    };
    talk(150);
    const first = await review.run('plan');
    talk(120);
    const config = CONFIG.replace('tickets.example.com', 'tickets.example.org');
    const second = await review.run('plan', 'pull_request', { job: { files: { 'agent-gateway.yaml': config } } });
    expect(second.outputs.comment_url).toBe(first.outputs.comment_url);
    expect(second.outputs.plan_digest).not.toBe(first.outputs.plan_digest);
    expect(digestIn(review.body())).toBe(second.outputs.plan_digest);
  });

  it('has one comment per label, and per config and scope without one', async () => {
    const review = await open();
    await review.run('plan', 'pull_request', { inputs: { comment_label: 'production' } });
    await review.run('plan', 'pull_request', { inputs: { comment_label: 'staging' } });
    await review.run('plan');
    await review.run('plan', 'pull_request', { inputs: { comment_label: 'staging' } });
    expect(review.comments()).toHaveLength(3);
  });

  it('leaves a comment alone that only looks like its own', async () => {
    const review = await shown();
    const forged = review.github.add({ pull: 7, author: 'mallory', body: review.body() });
    await review.run('plan', 'pull_request', { job: { env: { GITHUB_RUN_ID: '4712' } } });
    expect(review.github.comments.find(({ id }) => id === forged.id)?.body).toBe(forged.body);
    expect(review.body()).toContain('runs/4712');
  });

  it('that changes nothing updates the comment, and creates none', async () => {
    const world = declaredWorld(CONFIG, undefined, FILE_IN_REPOSITORY);
    const review = await open({ world });
    const withComment = await shown({ world });
    const silent = await review.run('plan');
    expect(silent).toMatchObject({ exitCode: 0, outputs: { changes: 'false', comment_url: '' } });
    expect(review.comments()).toEqual([]);
    const told = await withComment.run('plan');
    expect(told.outputs.comment_url).toContain('#issuecomment-');
    expect(withComment.body()).toContain('No changes');
  });

  it('that errors forbid says so there', async () => {
    const review = await open({ config: CONFIG.replace('egress: egress', 'egress: missing') });
    expect(await review.run('plan')).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(review.body()).toContain('gateway-not-found');
  });

  it('that cannot be made any more takes the old one from the comment', async () => {
    const review = await shown();
    review.stage.emulator.world.deny('aiplatform.reasoningEngines.list');
    expect(await review.run('plan')).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(stateIn(review.body())).toBe('failed');
    expect(digestIn(review.body())).toBe('');
  });

  it('stays under the limit of GitHub for 100 engines and 60 endpoints', async () => {
    const ids = Array.from({ length: 100 }, (_none, n) => `${4405152104998502400n + BigInt(n)}`);
    const keys = Array.from({ length: 60 }, (_none, n) => `service-${n}`);
    const config = [
      CONFIG.split('endpoints:')[0] ?? '',
      `endpoints:\n${keys.map((key) => `  ${key}: {urls: [https://${key}.example.com]}\n`).join('')}`,
      `agents:\n  - {engine: all, allow: [${keys.join(', ')}]}\n`,
    ].join('');
    const engines = ids.map((id, n) => ({ id, displayName: `Agent ${n}` }));
    const review = await open({ world: world({ engines }), config });
    const result = await review.run('plan');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_grant: '6000' } });
    expect(Buffer.byteLength(review.body())).toBeLessThan(60_000);
    expect(review.body()).toContain('Cut to fit');
    expect(writesOf(review).filter((line) => line.startsWith('POST /repos'))).toHaveLength(1);
  });
});

describe('the pull request', () => {
  it.each(['merge_group', 'push'])('is found from %s as from pull_request', async (event) => {
    const review = await open();
    review.github.commits.set(MERGE_SHA, [7]);
    const { outputs } = await review.run('plan', event);
    expect(outputs.comment_url).toContain('/pull/7#issuecomment-');
  });

  it('is none for a schedule: nothing is asked of GitHub, and nothing is amiss', async () => {
    const review = await open();
    const result = await review.run('plan', 'schedule');
    expect(result).toMatchObject({ exitCode: 0, outputs: { comment_url: '' } });
    expect(review.github.requests).toEqual([]);
    expect(complaints(result)).toEqual([]);
  });

  it('that is merged keeps the plan that was reviewed, whatever is planned after', async () => {
    const review = await shown();
    const reviewed = review.body();
    review.github.pulls.splice(0, 1, { number: 7, merged: true });
    review.github.commits.set(MERGE_SHA, [7]);
    const config = CONFIG.replace('tickets.example.com', 'tickets.example.org');
    await review.run('plan', 'push', { job: { files: { 'agent-gateway.yaml': config } } });
    expect(review.body()).toBe(reviewed);
  });
});

describe('a token that may not write', () => {
  it.each([
    ['of a fork', { fork: true }, /fork/],
    ['without the permission', {}, /pull-requests: write/],
  ])('%s: one warning with auto, a failure with always, and the summary in both', async (_what, event, says) => {
    const review = await open();
    const auto = await review.run('plan', 'pull_request', { event, token: TOKENS.READ_ONLY });
    expect(auto).toMatchObject({ exitCode: 0, outputs: { comment_url: '', failure_reason: '' } });
    expect(complaints(auto)).toEqual([expect.stringMatching(says)]);
    expect(auto.summary).toContain('Support agent');
    const always = await review.run('plan', 'pull_request', {
      event,
      token: TOKENS.READ_ONLY,
      inputs: { comment: 'always' },
    });
    expect(always).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(always.log).toContain('pull-requests: write');
    expect(always.summary).toContain('Support agent');
    expect(review.comments()).toEqual([]);
  });

  it('and always: apply writes nothing in Google Cloud', async () => {
    const review = await open();
    const inputs = { comment: 'always' };
    const result = await review.run('apply', 'pull_request', { token: TOKENS.READ_ONLY, inputs });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(review.stage.writes()).toEqual([]);
  });

  it('always without a pull request is bad input, and never asks GitHub nothing', async () => {
    const review = await open();
    const always = await review.run('plan', 'workflow_dispatch', { inputs: { comment: 'always' } });
    expect(always).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
    const never = await review.run('plan', 'pull_request', { inputs: { comment: 'never' } });
    expect(never).toMatchObject({ exitCode: 0, outputs: { comment_url: '' } });
    expect(review.github.requests).toEqual([]);
  });
});

describe('GitHub', () => {
  it.concurrent('may lose the comment between look and update', async () => {
    const review = await shown();
    review.github.before.push(({ method }) => {
      if (method === 'PATCH') review.github.comments.splice(0);
      return undefined;
    });
    const { outputs } = await review.run('plan', 'pull_request', { job: { env: { GITHUB_RUN_ID: '4712' } } });
    expect(outputs.comment_url).toContain('#issuecomment-');
    expect(creations(review)).toHaveLength(1);
    expect(review.body()).toContain('runs/4712');
  });

  it.concurrent('may limit requests: the wait that it asks for is waited', async () => {
    const review = await open();
    review.github.answer(1, () => limits.tooMany(1));
    review.github.answer(3, () => limits.secondary(1));
    const result = await review.run('plan');
    expect(result.outputs.comment_url).toContain('#issuecomment-');
    expect(review.comments()).toHaveLength(1);
  });

  it.concurrent('may be down: the plan stands, with one warning', async () => {
    const review = await open();
    review.github.before.push(() => problem(410, 'Gone'));
    const result = await review.run('plan');
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '', comment_url: '' } });
    expect(complaints(result)).toHaveLength(1);
  });

  it.concurrent.each<[string, () => Response]>([
    ['a page that is nowhere', () => Response.json([], { headers: { link: '<http://>; rel="next"' } })],
    ['another host', () => Response.json([], { headers: { link: '<https://evil.example.com/>; rel="next"' } })],
    ['no JSON', () => new Response('<html>', { status: 200 })],
    ['nothing', () => new Response(null, { status: 204 })],
  ])('may answer with %s: nothing is lost by that', async (_what, answer) => {
    const review = await open();
    review.github.before.push(({ method, path }) =>
      method === 'GET' && path.endsWith('/comments') ? answer() : undefined,
    );
    expect(await review.run('plan')).toMatchObject({ exitCode: 0, outputs: { changes: 'true', failure_reason: '' } });
    expect(await review.run('apply')).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(review.stage.writes().length).toBeGreaterThan(3);
  });

  it.concurrent('may lose the answer to a creation: there is one comment all the same', async () => {
    const review = await open();
    let lost = false;
    review.github.after.push(({ method, path }) => {
      if (lost || method !== 'POST' || !path.endsWith('/comments')) return undefined;
      lost = true;
      return 'reset';
    });
    const result = await review.run('plan');
    expect(result.outputs.comment_url).toContain('#issuecomment-');
    expect(review.comments()).toHaveLength(1);
    expect(creations(review)).toHaveLength(1);
  });
});

describe('an apply', () => {
  it('turns the plan into what was done, with the verdict and the time of each engine', async () => {
    const review = await open();
    const states: string[] = [];
    review.github.after.push(({ body }) => {
      if (typeof body.body === 'string') states.push(stateIn(body.body));
      return undefined;
    });
    const planned = await review.run('plan');
    const applied = await review.run('apply');
    expect(applied).toMatchObject({ exitCode: 0, outputs: { comment_url: planned.outputs.comment_url } });
    expect(states).toEqual(['planned', 'applying', 'applied']);
    expect(review.body()).toMatch(/Support agent.*governed/);
    expect(digestIn(review.body())).toBe(planned.outputs.plan_digest);
  });

  it('that fails half-way says why and what is still open', async () => {
    const outcome = { code: 13, message: 'The container did not start.' };
    const review = await shown({ settings: { engineUpdate: { engines: { [BILLING]: outcome } } } });
    const result = await review.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    const body = review.body();
    expect(stateIn(body)).toBe('failed');
    expect(body).toContain('The container did not start');
    const [stillOpen = ''] = /(?<=#### Still open\n\n).*(?=\n\n)/.exec(body) ?? [];
    expect(stillOpen).toContain('Billing agent');
    expect(stillOpen).not.toContain('Support agent');
  });

  it('has its last word when the workflow is cancelled', async () => {
    const review = await shown({ settings: { operations: { engineUpdateMs: 3_600_000 } } });
    let child: ChildProcess | undefined;
    review.stage.emulator.interceptors.push({
      after: ({ method }, response) => {
        if (method === 'PATCH') child?.kill('SIGTERM');
        return response;
      },
    });
    const result = await review.run('apply', 'pull_request', { job: { onStart: (started) => (child = started) } });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'cancelled' } });
    expect(stateIn(review.body())).toBe('failed');
    expect(review.body()).toContain('Still open');
  });

  it(`speaks for ${BOT} on a merged pull request`, async () => {
    const review = await shown();
    review.github.pulls.splice(0, 1, { number: 7, merged: true });
    review.github.commits.set(MERGE_SHA, [7]);
    expect(await review.run('apply', 'push')).toMatchObject({ exitCode: 0 });
    expect(stateIn(review.body())).toBe('applied');
  });
});

describe('what nobody may read', () => {
  it('is not carried into a comment or a plan file by an answer that quotes the token', async () => {
    const message = `Refused for Bearer ${TOKEN} of ${TOKENS.JOB}, see https://u:hunter1@h.example/x?k=hunter2`;
    const review = await open({ settings: { engineUpdate: { engines: { [BILLING]: { code: 13, message } } } } });
    const applied = await review.run('apply');
    const planned = await review.run('plan');
    expect(review.body()).toContain('Refused for Bearer');
    const all = [applied, planned].flatMap(({ log, summary, outputs }) => [
      log.replace(/^::add-mask::.*$/gm, ''),
      summary,
      readFileSync(outputs.plan_file ?? '', 'utf8'),
    ]);
    expect([...all, review.body()].join('\n')).not.toMatch(/hunter\d/);
    expect([...all, review.body()].join('\n').replaceAll('&#95;', '_')).not.toContain(TOKENS.JOB);
    expect([...all, review.body()].join('\n')).not.toContain(TOKEN);
  });

  it('is in no log, summary, comment or plan file: tokens, and what URLs of others hold besides the address', async () => {
    const review = await open({
      world: world({
        services: [
          {
            id: 'their-service',
            urls: ['https://tickets.example.com', 'https://user:hunter2@internal.example.com/hook?key=hunter3#hunter4'],
          },
        ],
      }),
    });
    const planned = await review.run('plan', 'pull_request', { job: { env: { RUNNER_DEBUG: '1' } } });
    const applied = await review.run('apply');
    expect([planned.exitCode, applied.exitCode]).toEqual([0, 0]);
    const said = [planned, applied].flatMap(({ log, summary, outputs }) => [
      log.replace(/^::add-mask::.*$/gm, ''),
      summary,
      JSON.stringify(outputs),
      readFileSync(outputs.plan_file ?? '', 'utf8'),
    ]);
    const all = [...said, review.body()].join('\n');
    expect(all).toContain('internal.example.com');
    expect(all).not.toMatch(/hunter\d/);
    expect(all).not.toContain(TOKEN);
    expect(all).not.toContain(TOKENS.JOB);
    const { data } = review.stage.emulator.world.service('their-service');
    expect(JSON.stringify(data)).toContain('hunter3');
  });
});
