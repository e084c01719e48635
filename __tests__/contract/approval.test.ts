import { beforeAll, describe, expect, it } from '@jest/globals';
import { BOT, MERGE_SHA, problem, TOKENS } from './support/github.js';
import { show, shownBy, useReviews, type Review, type RunOptions, type Shown } from './support/pull-request.js';
import type { StepResult } from './support/runner.js';
import { annotations, CONFIG, enginesOf, TOKEN } from './support/stage.js';

const open = useReviews();
const OTHER = CONFIG.replace('tickets.example.com', 'tickets.example.org');
const other = { files: { 'agent-gateway.yaml': OTHER } };

/** What plans of both configs leave on a pull request. */
let planned: Shown;
let plannedOther: Shown;
beforeAll(async () => {
  const plan = async (config: string): Promise<Shown> => {
    const review = await open({ config });
    await review.run('plan');
    return shownBy(review);
  };
  [planned, plannedOther] = await Promise.all([plan(CONFIG), plan(OTHER)]);
});

/** A pull request that was planned and is merged; what follows is what the push of the merge does. */
async function merged(): Promise<Review> {
  const review = await open();
  show(review, planned);
  merge(review);
  return review;
}
function merge({ github }: Review): void {
  github.pulls.splice(0, 1, { number: 7, merged: true, mergeCommit: MERGE_SHA });
  github.commits.set(MERGE_SHA, [7]);
}
const digestIn = (body: string): string => /sha256:[0-9a-f]{64}/.exec(body)?.[0] ?? 'none';
/** Somebody else puts the digest of another plan into the comment. @returns its text */
function forge({ comments, github }: Review): string {
  const [comment] = comments();
  const forged = comment?.body.replace(digestIn(planned.body), digestIn(plannedOther.body)) ?? '';
  expect(forged).not.toBe(comment?.body);
  github.edit(comment?.id ?? 0, 'mallory', forged);
  return forged;
}
const apply = (review: Review, { inputs = {}, ...more }: RunOptions = {}): Promise<StepResult> =>
  review.run('apply', 'push', { inputs: { approval: 'comment', ...inputs }, ...more });

function expectRefused(review: Review, result: StepResult, reason: string): string {
  expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: reason } });
  expect(review.stage.writes()).toEqual([]);
  return annotations(result.log, 'error').at(-1) ?? '';
}

describe('an apply with approval: comment', () => {
  it('carries out what the merged pull request shows', async () => {
    const review = await open();
    await review.run('plan');
    merge(review);
    const result = await apply(review);
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'changed' });
  });

  it('refuses without a comment, of this label or at all', async () => {
    const review = await open();
    merge(review);
    expect(expectRefused(review, await apply(review), 'not-approved')).toContain('no plan comment');
    await review.run('plan', 'pull_request', { inputs: { comment_label: 'staging' } });
    expectRefused(review, await apply(review), 'not-approved');
  });

  it('refuses where the run belongs to no pull request', async () => {
    const review = await open();
    const result = await review.run('apply', 'workflow_dispatch', { inputs: { approval: 'comment' } });
    expect(expectRefused(review, result, 'not-approved')).toContain('no pull request');
  });

  it('refuses another plan, and says how it differs', async () => {
    const review = await merged();
    const reviewed = review.body();
    const message = expectRefused(review, await apply(review, { job: other }), 'plan-changed');
    expect(message).toMatch(/reviewed: endpoint ticket-system: .*tickets\.example\.com/);
    expect(message).toMatch(/now: +endpoint ticket-system: .*tickets\.example\.org/);
    expect(review.body()).toBe(reviewed);
  });

  it('does not count what somebody else edited, and leaves it as it is: running it again refuses again', async () => {
    const review = await merged();
    const forged = forge(review);
    const refused = await apply(review, { job: other });
    expect(expectRefused(review, refused, 'not-approved')).toContain('mallory');
    // The digest alone would do: it is that of the live plan.
    expect(refused.outputs.plan_digest).toBe(digestIn(forged));
    const digest = `sha256:${'0'.repeat(64)}`;
    expectRefused(review, await apply(review, { job: other, inputs: { plan_digest: digest } }), 'plan-changed');
    expect(review.body()).toBe(forged);
    expectRefused(review, await apply(review, { job: other }), 'not-approved');
  });

  it('is not made by an apply without approval that finds an edited comment', async () => {
    const review = await merged();
    forge(review);
    review.stage.emulator.world.set({ engineUpdate: { outcome: { code: 13, message: 'no' } } });
    review.stage.emulator.world.deny('agentregistry.services.create');
    await review.run('apply', 'push', { job: other });
    review.stage.emulator.world.allow('agentregistry.services.create');
    expectRefused(review, await apply(review, { job: other }), 'not-approved');
  });

  it.each([
    ['a run of the pull request that is started again after the merge', 'pull_request', {}],
    ['a run in the merge queue', 'merge_group', {}],
    ['a push to the base branch that GitHub still lists as open', 'push', { ref: 'refs/heads/main' }],
  ])('is not what a plan says later: %s', async (_what, event, options) => {
    const review = await open();
    show(review, planned);
    const reviewed = review.body();
    review.github.commits.set(MERGE_SHA, [7]);
    if (event === 'pull_request') review.github.pulls.splice(0, 1, { number: 7, merged: true });
    await review.run('plan', event, { job: other, event: options });
    expect(review.body()).toBe(reviewed);
    merge(review);
    expectRefused(review, await apply(review, { job: other }), 'plan-changed');
  });

  it('does not count a comment of somebody else, whatever its first line says', async () => {
    const review = await merged();
    const body = review.body();
    review.github.comments.splice(0);
    review.github.add({ pull: 7, author: 'mallory', body });
    expectRefused(review, await apply(review), 'not-approved');
  });

  it('is not impressed by a forged plan behind the digest', async () => {
    const review = await merged();
    const [comment] = review.comments();
    const payload = /<!-- plan:(\S+) -->/.exec(comment?.body ?? '')?.[1] ?? 'none';
    const forged = /<!-- plan:(\S+) -->/.exec(plannedOther.body)?.[1] ?? 'none';
    expect(forged).not.toBe(payload);
    review.github.edit(comment?.id ?? 0, BOT, comment?.body.replace(payload, forged) ?? '');
    // The digest still is that of the live plan: what is carried out is the live plan, never what the comment says.
    expect(await apply(review)).toMatchObject({ exitCode: 0 });
    const [service] = review.stage.requests('POST', '/services');
    expect(JSON.stringify(service)).not.toContain('example.org');
  });

  it.each([
    ['a bomb', 'H4sI' + 'A'.repeat(4000)],
    ['no plan', 'e30='],
    ['nothing', ''],
  ])('says that the digests differ where the comment carries %s', async (_what, forged) => {
    const review = await merged();
    const [comment] = review.comments();
    const body = comment?.body.replace(/<!-- plan:\S+ -->/, `<!-- plan:${forged} -->`) ?? '';
    review.github.edit(comment?.id ?? 0, BOT, body);
    const message = expectRefused(review, await apply(review, { job: other }), 'plan-changed');
    expect(message).toMatch(/live plan has the digest sha256:[0-9a-f]{64}/);
  });

  it('fails closed when GitHub does not say who edited', async () => {
    const review = await merged();
    review.github.before.push(({ path, body }) =>
      path.endsWith('graphql') && String(body.query).includes('editor') ? problem(502, 'Bad gateway') : undefined,
    );
    expectRefused(review, await apply(review), 'not-approved');
  });

  it('fails closed when the token may not read', async () => {
    const review = await merged();
    expectRefused(review, await apply(review, { token: TOKENS.PERSON }), 'not-approved');
    expectRefused(review, await apply(review, { token: 'ghs_unknown' }), 'not-approved');
  });

  it('keeps what was reviewed when it cannot look, and says why', async () => {
    const review = await merged();
    review.stage.emulator.world.deny('aiplatform.reasoningEngines.list');
    expectRefused(review, await apply(review), 'permission-denied');
    expect(review.body()).toContain('"state":"failed"');
    review.stage.emulator.world.allow('aiplatform.reasoningEngines.list');
    expect(await apply(review)).toMatchObject({ exitCode: 0 });
  });

  it('works on a server that has no GraphQL, and says that it could not look', async () => {
    const review = await merged();
    review.github.graphql = false;
    const result = await apply(review);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(annotations(result.log, 'warning').join()).toContain('GraphQL');
  });

  it('finds no approval in what an apply without one wrote', async () => {
    const review = await open();
    merge(review);
    review.stage.emulator.world.set({ engineUpdate: { outcome: { code: 13, message: 'no' } } });
    await review.run('apply', 'push');
    expect(review.body()).toContain('"state":"failed"');
    review.stage.emulator.world.set({ engineUpdate: { outcome: 'ok' } });
    const before = review.stage.writes().length;
    const again = await apply(review);
    expect(again).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'not-approved' } });
    expect(review.stage.writes()).toHaveLength(before);
  });

  it('can be run again after a failure that wrote nothing', async () => {
    const review = await merged();
    review.stage.emulator.world.deny('agentregistry.services.create');
    expectRefused(review, await apply(review), 'permission-denied');
    expect(review.body()).toContain('"state":"failed"');
    review.stage.emulator.world.allow('agentregistry.services.create');
    expect(await apply(review)).toMatchObject({ exitCode: 0 });
  });
});

describe('the root action with approval: comment', () => {
  const root = (review: Review, event: string, inputs: Record<string, string>): Promise<StepResult> =>
    review.run('', event, { inputs: { approval: 'comment', access_token: TOKEN, ...inputs } });

  it('plans on the pull request and applies that on the merge', async () => {
    const review = await open();
    await root(review, 'pull_request', { apply: 'false' });
    merge(review);
    expect(await root(review, 'push', {})).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
  });

  it.each(['comment', ' comment\n'])('never approves its own plan: %j', async (approval) => {
    const review = await open();
    const result = await root(review, 'pull_request', { approval });
    expect(expectRefused(review, result, 'not-approved')).toContain('no plan comment');
    expect(review.comments()).toEqual([]);
  });
});
