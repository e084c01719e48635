import { describe, expect, it } from '@jest/globals';
import { declaredWorld } from './support/declared.js';
import { annotations, CONFIG, EGRESS, enginesOf, INGRESS, SUPPORT, useStages, world } from './support/stage.js';

const set = useStages();

describe('one step after a deploy', () => {
  it('plans, then applies, and has the outputs of apply', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await stage.run('');
    expect(Object.keys(result.steps)).toEqual(['plan', 'apply']);
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'true', to_bind: '2', failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'changed', governance: 'governed' });
    expect(JSON.parse(result.outputs.endpoints ?? '')).toMatchObject({
      'ticket-system': { endpointId: stage.emulator.world.service('ticket-system').resourceId },
    });
    expect(result.outputs.plan_digest).toBe(result.steps.plan?.outputs.plan_digest);
    expect(result.outputs.guardrail_files).toBe('[]');
    expect(stage.emulator.world.engine('Billing agent').binding).toEqual({ egress: EGRESS });
  });

  it('skips apply when there is nothing to do, and has the outputs of plan', async () => {
    const stage = await set({ world: declaredWorld(CONFIG), config: CONFIG });
    const result = await stage.run('');
    expect(Object.keys(result.steps)).toEqual(['plan']);
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false', to_bind: '0', failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'bound', egress: EGRESS });
    expect(stage.writes()).toEqual([]);
  });

  it('stops after the plan with apply: false', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await stage.run('', { apply: 'false' });
    expect(Object.keys(result.steps)).toEqual(['plan']);
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'true', to_bind: '2', failure_reason: '' } });
    expect(result.outputs.plan_file).toMatch(/\.json$/);
    expect(stage.writes()).toEqual([]);
  });

  it('is not green without a word when apply is neither true nor false', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await stage.run('', { apply: 'ture' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
    expect(annotations(result.log, 'error').join()).toContain('apply');
    expect(stage.writes()).toEqual([]);
  });

  it('does not apply a plan that failed', async () => {
    const stage = await set({ world: world({ gateways: [] }), config: CONFIG });
    const result = await stage.run('');
    expect(Object.keys(result.steps)).toEqual(['plan']);
    expect(result).toMatchObject({ exitCode: 1, outputs: { changes: 'true', failure_reason: 'check-failed' } });
    expect(stage.writes()).toEqual([]);
  });

  it('says why apply failed', async () => {
    const stage = await set({
      world: world(),
      config: CONFIG,
      settings: { engineUpdate: { outcome: { code: 13, message: 'No.' } } },
    });
    const result = await stage.run('');
    expect(result).toMatchObject({ exitCode: 1, outputs: { to_bind: '2', failure_reason: 'bind-failed' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'failed' });
  });

  it('does not apply another plan than it has shown', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    let starts = 0;
    const result = await stage.run(
      '',
      {},
      {
        onStart: () => {
          starts += 1;
          if (starts === 2) stage.emulator.world.bind(SUPPORT, { ingress: 'ingress' });
        },
      },
    );
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'plan-changed' } });
    expect(stage.writes()).toEqual([]);
  });
});

describe('inputs reach both steps', () => {
  it('the desired state, the API version, the request reason, the GitHub token and the wait', async () => {
    const stage = await set({ world: world() });
    const files = { 'deploy/agents.yaml': CONFIG.replace('project: acme-agents', 'project: not-this-one') };
    const result = await stage.run(
      '',
      {
        config: 'deploy/agents.yaml',
        project_id: 'acme-agents',
        region: 'us-central1',
        engines: 'Support agent',
        egress_gateway: EGRESS,
        ingress_gateway: 'ingress',
        allow: 'https://only.example.com',
        api_version: 'v1',
        request_reason: 'CHG-1',
        comment: 'never',
        github_token: 'ghs_0123456789',
        propagation_wait: '1',
      },
      { files },
    );
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_register: '2', to_grant: '1', to_bind: '1' } });
    expect(stage.emulator.world.engine('Support agent').binding).toEqual({ egress: EGRESS, ingress: INGRESS });
    expect(stage.emulator.world.engine('Billing agent').binding).toEqual({});
    const { principal } = stage.emulator.world.engine('Support agent');
    expect(stage.decide(principal, 'only.example.com')).toMatchObject({ allowed: true });
    expect(stage.decide(principal, 'tickets.example.com')).toMatchObject({ allowed: false });
    const reasons = stage.emulator.requests.map(({ headers }) => headers['x-goog-request-reason']);
    expect(new Set(reasons)).toEqual(new Set(['CHG-1']));
    const engines = stage.emulator.requests.filter(({ api }) => api === 'aiplatform');
    expect(engines.filter(({ path }) => !path.startsWith('/v1/'))).toEqual([]);
    for (const step of Object.values(result.steps)) expect(step.log).toContain('::add-mask::ghs_0123456789');
    expect(result.steps.apply?.log).toContain('waiting 1 s for the new grants');
  });

  it('the universe', async () => {
    const stage = await set({
      world: world(),
      config: CONFIG.replace('urls: [https://tickets.example.com]', 'presets: [logging]'),
    });
    const result = await stage.run('', { universe: 'example.cloud' });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(stage.emulator.world.service('ticket-system').data.interfaces).toMatchObject([
      { url: 'https://logging.example.cloud' },
      { url: 'https://logging.mtls.example.cloud' },
    ]);
  });

  it.each([
    ['plan', ['comment', 'comment_label', 'prune', 'api_version', 'universe', 'request_reason']],
    ['plan, apply', ['timeout', 'propagation_wait', 'approval', 'rollback']],
  ] as const)('and end in the step that takes them when they are wrong: %s', async (ran, inputs) => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await stage.run('', Object.fromEntries(inputs.map((input) => [input, 'no\tgood'])));
    expect(Object.keys(result.steps).join(', ')).toBe(ran);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'invalid-input' } });
    const problems = (annotations(result.log, 'error').at(-1) ?? '').split('\n').slice(1);
    expect(problems.map((problem) => problem.split(': ')[0]).sort()).toEqual(
      inputs.map((input) => `input ${input}`).sort(),
    );
    expect(stage.writes()).toEqual([]);
  });
});
