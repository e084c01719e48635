import { describe, expect, it } from '@jest/globals';
import { declaredWorld, FILE_IN_REPOSITORY } from './support/declared.js';
import type { FakeIssue } from './support/github-issues.js';
import { BOT, limits, problem, TOKENS } from './support/github.js';
import { useReviews, type Review, type RunOptions } from './support/pull-request.js';
import type { StepResult } from './support/runner.js';
import { annotations, BILLING, CONFIG, SUPPORT, TOKEN, world } from './support/stage.js';

const open = useReviews();
const AS_DECLARED = { exitCode: 0, outputs: { changes: 'false', failure_reason: '' } };
const DRIFT = { exitCode: 1, outputs: { changes: 'true', failure_reason: 'changes-found' } };

/** A fleet as declared, in a repository without issues. */
const fleet = (start = world()): Promise<Review> =>
  open({ world: declaredWorld(CONFIG, start, FILE_IN_REPOSITORY), config: CONFIG });

const unbind = ({ stage }: Review, engine = SUPPORT): void => stage.emulator.world.bind(engine, null);
const rebind = ({ stage }: Review, engine = SUPPORT): void => stage.emulator.world.bind(engine, { egress: 'egress' });

/** A verification that keeps an issue, and writes nothing to Google. */
async function verify(review: Review, { inputs, ...more }: RunOptions = {}, event = 'schedule'): Promise<StepResult> {
  const written = review.stage.writes().length;
  const result = await review.run('verify', event, { inputs: { issue: 'true', ...inputs }, ...more });
  expect(review.stage.writes()).toHaveLength(written);
  return result;
}

const issues = ({ github }: Review): readonly FakeIssue[] => github.issues.all;
const only = (review: Review): FakeIssue => {
  const [issue, ...others] = issues(review);
  if (!issue || others.length > 0) throw new Error(`${issues(review).length} issues`);
  return issue;
};
/** Writes to GitHub since the last call. */
function writesOf(review: Review): string[] {
  return review.github.requests
    .splice(0)
    .filter(({ method, path }) => method !== 'GET' && path !== '/graphql')
    .map(({ method, path }) => `${method} ${path.replace('/repos/acme/agents', '')}`);
}
const read = (text: string): string =>
  text.replace(/&#(\d+);/g, (_entity, code: string) => String.fromCodePoint(Number(code))).replaceAll('\u200b', '');
const run = (id: number): RunOptions => ({ job: { env: { GITHUB_RUN_ID: `${id}` } } });

/** A registry in which nothing of the config is registered. */
const ELSEWHERE = '//agentregistry.googleapis.com/projects/acme-agents/locations/global';

describe('the life of an issue', () => {
  it('is opened, left alone while nothing changes, updated, closed, and reopened when the drift comes back', async () => {
    const review = await fleet();
    expect(await verify(review)).toMatchObject(AS_DECLARED);
    expect([issues(review), writesOf(review)]).toEqual([[], []]);

    unbind(review);
    const opened = await verify(review, run(1));
    expect(opened).toMatchObject(DRIFT);
    const issue = only(review);
    expect(issue).toMatchObject({
      author: BOT,
      state: 'open',
      title: 'Agent Gateway drift: acme/agents:agent-gateway.yaml · acme-agents · us-central1',
    });
    expect(read(issue.body)).toContain(`"Support agent" (${SUPPORT}) is not bound to egress gateway egress`);
    expect(read(issue.body)).toContain('Its traffic does not pass the gateway');
    expect(read(issue.body)).toContain('To put it right:** Run apply');
    expect(issue.body).toContain('/actions/runs/1)');
    expect(opened.log).toContain(`Drift issue opened: https://github.com/acme/agents/issues/${issue.number}`);
    expect(writesOf(review)).toEqual(['POST /issues']);

    expect(await verify(review, run(2))).toMatchObject(DRIFT);
    expect(writesOf(review)).toEqual([]);

    unbind(review, BILLING);
    await verify(review, run(3));
    expect(read(issue.body)).toContain(`"Billing agent" (${BILLING}) is not bound`);
    expect(issue.body).toContain('/actions/runs/3)');
    expect(writesOf(review)).toEqual([`PATCH /issues/${issue.number}`]);

    rebind(review);
    rebind(review, BILLING);
    expect(await verify(review, run(4))).toMatchObject(AS_DECLARED);
    expect(only(review)).toMatchObject({ state: 'closed', stateReason: 'completed' });
    expect(read(issue.comments.join())).toBe(
      `As declared: 1 endpoint, 2 grants, 2 bindings; 2 of 2 engines governed: closed by [this verification](${review.github.url}/acme/agents/actions/runs/4).`,
    );
    expect(writesOf(review)).toEqual([`PATCH /issues/${issue.number}`, `POST /issues/${issue.number}/comments`]);
    expect(await verify(review)).toMatchObject(AS_DECLARED);
    expect(writesOf(review)).toEqual([]);

    unbind(review);
    const again = await verify(review, run(5));
    expect(only(review)).toMatchObject({ state: 'open', stateReason: 'reopened' });
    expect(issue.comments).toHaveLength(1);
    expect(again.log).toContain('Drift issue reopened: ');
  });

  it.each(['workflow_dispatch', 'push'])('begins on %s, too', async (event) => {
    const review = await fleet();
    unbind(review);
    expect(await verify(review, {}, event)).toMatchObject(DRIFT);
    expect(only(review).state).toBe('open');
  });

  it('is not touched by a pull request, whose config is not in force yet', async () => {
    const review = await fleet();
    unbind(review);
    await verify(review);
    const { body } = only(review);
    const config = CONFIG.replace('gateways:\n  egress: egress\n', '');
    const result = await verify(review, { job: { files: { 'agent-gateway.yaml': config } } }, 'pull_request');
    expect(result).toMatchObject(AS_DECLARED);
    expect(annotations(result.log, 'warning').join()).toContain('This run belongs to a pull request');
    expect(only(review)).toMatchObject({ state: 'open', body });
  });

  it('does not begin without being asked for, nor is GitHub asked for anything', async () => {
    const review = await fleet();
    unbind(review);
    expect(await verify(review, { inputs: { issue: 'false' } })).toMatchObject(DRIFT);
    expect(review.github.requests).toEqual([]);
  });

  it('is as long as a check says no, with drift or without', async () => {
    const review = await fleet();
    const { world: live } = review.stage.emulator;
    live.changeNetworking('gateways', 'egress', { registries: [ELSEWHERE] });
    expect(await verify(review)).toMatchObject({
      exitCode: 1,
      outputs: { failure_reason: 'check-failed', changes: 'false' },
    });
    expect(only(review).body).toContain('registry-not-attached');
    live.changeNetworking('gateways', 'egress', { registries: [] });
    expect(await verify(review)).toMatchObject(AS_DECLARED);
    expect(only(review).state).toBe('closed');
  });

  it('does not end while the world cannot be read', async () => {
    const review = await fleet();
    unbind(review);
    await verify(review);
    const { body } = only(review);
    rebind(review);
    writesOf(review);
    review.stage.emulator.world.deny('aiplatform.reasoningEngines.list');
    expect(await verify(review)).toMatchObject({ outputs: { failure_reason: 'permission-denied' } });
    expect(
      await verify(review, {
        inputs: { access_token: '' },
        job: { env: { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere' } },
      }),
    ).toMatchObject({
      outputs: { failure_reason: 'auth-failed' },
    });
    expect(await verify(review, { inputs: { region: 'nowhere' } })).toMatchObject({
      outputs: { failure_reason: 'invalid-input' },
    });
    expect(only(review)).toMatchObject({ state: 'open', body });
    expect(review.github.requests).toEqual([]);
  });
});

describe('whose issue it is', () => {
  it('two configs have one each', async () => {
    const review = await fleet();
    const staging = CONFIG.replace('egress: egress', 'egress: none');
    const files = { 'staging.yaml': staging };
    unbind(review);
    await verify(review);
    await verify(review, { inputs: { config: 'staging.yaml' }, job: { files } });
    rebind(review);
    await verify(review, { inputs: { config: 'staging.yaml' }, job: { files } });
    await verify(review);
    const titles = issues(review).map(({ title, state }) => [/agents:(\S+)/.exec(title)?.[1], state]);
    expect(titles).toEqual([
      ['agent-gateway.yaml', 'closed'],
      ['staging.yaml', 'open'],
    ]);
  });

  it('is one for each selection of engines: who looks at one of them closes no issue about all', async () => {
    const review = await fleet();
    unbind(review);
    await verify(review);
    await verify(review, { inputs: { engines: BILLING } });
    expect(only(review).state).toBe('open');
    await verify(review, { inputs: { engines: 'Support agent' } });
    expect(issues(review).map(({ title, state }) => [title.split(' · ').at(-1), state])).toEqual([
      ['us-central1', 'open'],
      ['Support agent', 'open'],
    ]);
  });

  it('is not that of somebody else, whatever it says', async () => {
    const review = await fleet();
    unbind(review);
    await verify(review);
    const { body } = only(review);
    const forged = review.github.issues.add({ author: 'mallory', title: 'Forged', body });
    const pull = review.github.issues.add({ author: BOT, title: 'Pull request', body, isPull: true });
    const quoting = review.github.issues.add({ author: BOT, title: 'Report', body: `Weekly report\n${body}` });
    rebind(review);
    await verify(review);
    expect(issues(review).map(({ state }) => state)).toEqual(['closed', 'open', 'open', 'open']);
    unbind(review, BILLING);
    await verify(review);
    expect(issues(review)[0]).toMatchObject({ state: 'open', body: expect.stringContaining('Billing agent') });
    for (const other of [forged, pull]) expect(other.body).toBe(body);
    expect(quoting.comments).toEqual([]);
    expect(issues(review)).toHaveLength(4);
  });

  it('is the older one, when two runs have opened one each', async () => {
    const review = await fleet();
    unbind(review);
    await verify(review);
    const { number, body, title } = only(review);
    const second = review.github.issues.add({ author: BOT, title, body });
    await verify(review);
    expect(review.github.issues.find(number)?.state).toBe('open');
    expect(second).toMatchObject({ state: 'closed', comments: [`Duplicate of #${number}.`] });
  });

  it('is one for each user whose token is used', async () => {
    const review = await fleet();
    unbind(review);
    await verify(review);
    await verify(review, { token: TOKENS.OTHER_APP });
    await verify(review, { token: TOKENS.PERSON });
    expect(issues(review).map(({ author }) => author)).toEqual([BOT, 'planner[bot]', 'octocat']);
  });
});

describe('where it cannot be written', () => {
  it.each([
    ['may not write issues', TOKENS.READS_ISSUES],
    ['may not even read them', TOKENS.NO_ISSUES],
  ])('the token %s: the drift is found all the same, and the message names the permission', async (_what, token) => {
    const review = await fleet();
    unbind(review);
    const result = await verify(review, { token });
    expect(result).toMatchObject(DRIFT);
    const errors = annotations(result.log, 'error');
    expect(errors.join('\n')).toMatch(/drift issue could not be brought up to date: .*permissions: issues: write/);
    expect(result.summary).toContain('issues&#58; write');
    expect(result.summary).toContain('Support agent');
    expect(issues(review)).toEqual([]);
  });

  it('fails a verification that finds nothing, too: nobody would ever see an issue', async () => {
    const review = await fleet();
    const result = await verify(review, { token: TOKENS.NO_ISSUES });
    expect(result).toMatchObject({ exitCode: 1, outputs: { changes: 'false', failure_reason: 'permission-denied' } });
    expect(annotations(result.log, 'error').join()).toContain('permissions: issues: write');
  });

  it.each<[what: string, options: RunOptions, disable: boolean, reason: string, says: RegExp]>([
    ['there is no token', { inputs: { github_token: '' } }, false, 'invalid-input', /no GitHub token/],
    [
      'nothing says which repository it is',
      { job: { env: { GITHUB_REPOSITORY: '' } } },
      false,
      'invalid-input',
      /GITHUB_REPOSITORY/,
    ],
    ['issues are turned off', {}, true, 'api-error', /410: Issues are disabled/],
  ])('%s: a failure with what to do', async (_what, options, disable, reason, says) => {
    const review = await fleet();
    review.github.issues.enabled = !disable;
    const result = await verify(review, options);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: reason } });
    expect(annotations(result.log, 'error').join()).toMatch(says);
    expect(result.log.includes('Turn on issues in the settings of the repository')).toBe(disable);
  });

  it('GitHub is down: a warning, since the next run makes up for it', async () => {
    const review = await fleet();
    review.github.before.push(() => problem(502, 'Server Error'));
    const sound = await verify(review);
    expect(sound).toMatchObject(AS_DECLARED);
    expect(annotations(sound.log, 'warning').join()).toMatch(
      /drift issue could not be .*502.*\n.*next run tries again/s,
    );
    review.github.before.length = 0;
    unbind(review);
    await verify(review);
    expect(only(review).state).toBe('open');
  });

  it('GitHub limits requests: the wait that it asks for is waited', async () => {
    const review = await fleet();
    unbind(review);
    review.github.answer(2, () => limits.tooMany(1));
    review.github.answer(4, () => limits.secondary(1));
    expect(await verify(review)).toMatchObject(DRIFT);
    expect(only(review).state).toBe('open');
  });

  it('GitHub asks for an hour: a warning', async () => {
    const review = await fleet();
    review.github.before.push(() => limits.tooMany(3_600));
    const result = await verify(review);
    expect(result).toMatchObject(AS_DECLARED);
    expect(annotations(result.log, 'warning').join()).toContain('asks to wait 3600 s');
  });

  it('the answer to the creation is lost: there is one issue all the same', async () => {
    const review = await fleet();
    unbind(review);
    let lost = false;
    review.github.after.push(({ method, path }) => {
      if (lost || method !== 'POST' || !path.endsWith('/issues')) return undefined;
      lost = true;
      return 'reset';
    });
    expect(await verify(review)).toMatchObject(DRIFT);
    expect(only(review).state).toBe('open');
  });
});

describe('what stands in it', () => {
  it('is nothing secret, and names are nothing but text', async () => {
    const evil = '<!-- bind-agent-gateway {"label":"x"} --> @octocat #1 |<script>';
    const review = await fleet(
      world({
        engines: [
          { id: SUPPORT, displayName: evil },
          { id: BILLING, displayName: 'Billing agent' },
        ],
      }),
    );
    review.stage.emulator.world.addService({
      id: 'theirs',
      urls: ['https://u:hunter2@internal.example.com/hook?key=hunter3#hunter4'],
    });
    unbind(review);
    const result = await verify(review, { job: { env: { RUNNER_DEBUG: '1' } } });
    const issue = only(review);
    const all = [issue.title, issue.body, result.summary, result.log.replace(/^::add-mask::.*$/gm, '')].join('\n');
    expect(all).not.toMatch(/hunter\d/);
    expect(all).not.toContain(TOKEN);
    expect(all.replaceAll('&#95;', '_')).not.toContain(TOKENS.JOB);
    const visible = issue.body.split('\n').slice(1).join('\n');
    expect(visible).not.toMatch(/<!--|@octocat|#1\b|<script/);
    expect(read(visible)).toContain('octocat');
    // The marker is still the one that the next run looks for.
    await verify(review);
    expect(writesOf(review).filter((line) => line.startsWith('POST'))).toEqual(['POST /issues']);
  });

  it('fits, however much has drifted', async () => {
    const ids = Array.from({ length: 100 }, (_none, n) => `${4405152104998502400n + BigInt(n)}`);
    const keys = Array.from({ length: 60 }, (_none, n) => `service-${n}`);
    const config = [
      CONFIG.split('endpoints:')[0] ?? '',
      `endpoints:\n${keys.map((key) => `  ${key}: {urls: [https://${key}.example.com]}\n`).join('')}`,
      `agents:\n  - {engine: all, allow: [${keys.join(', ')}]}\n`,
    ].join('');
    const engines = ids.map((id, n) => ({ id, displayName: `Agent ${n} ${'x'.repeat(50)}` }));
    const review = await open({ world: world({ engines }), config });
    expect(await verify(review)).toMatchObject({ exitCode: 1, outputs: { to_grant: '6000' } });
    const { body } = only(review);
    expect(Buffer.byteLength(body)).toBeLessThan(60_000);
    expect(read(body)).toContain('Cut to fit into an issue');
    review.github.requests.length = 0;
    await verify(review);
    expect(writesOf(review)).toEqual([]);
  });
});
