import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { applyCommand } from '../../../src/commands/apply.js';
import { planCommand } from '../../../src/commands/plan.js';
import { InvalidInput } from '../../../src/commands/session.js';
import { verifyCommand } from '../../../src/commands/verify.js';
import type { Plan } from '../../../src/plan/types.js';
import { renderSummary } from '../../../src/report/summary.js';
import { egressConfig, engineNamed, gatewayNamed, memberOf, resourceOf, serviceNamed } from '../../support/builders.js';
import { command, CONFIG, inputs, type Command } from '../../support/commands.js';
import { thrownBy } from '../../support/errors.js';

let run: Command;
beforeEach(() => {
  run = command();
  run.config(CONFIG);
  run.on.google.engines.add('1', { displayName: 'Support agent' });
});
afterEach(() => run.cleanUp());

const planNow = (more?: Parameters<typeof inputs>[0]) => planCommand(inputs(more), run.session);
const applyNow = (more?: Parameters<typeof inputs>[0]) => applyCommand(inputs(more), run.session);
const verifyNow = (more?: Parameters<typeof inputs>[0]) => verifyCommand(inputs(more), run.session);
const writes = (): string[] => run.on.google.writes().map(({ method }) => method);

describe('plan', () => {
  it('says what would be done, in every output, and writes nothing', async () => {
    const { outputs, failures } = await planNow();
    expect(failures).toEqual([]);
    expect(outputs).toMatchObject({
      changes: true,
      to_register: 1,
      to_grant: 1,
      to_bind: 1,
      to_remove: 0,
      plan_digest: expect.stringMatching(/^sha256:[\da-f]{64}$/) as unknown,
      engines: [
        {
          name: engineNamed('1'),
          displayName: 'Support agent',
          principal: memberOf('1'),
          egress: null,
          ingress: null,
          status: 'pending',
          governance: 'not-bound',
        },
      ],
      guardrail_files: [],
      endpoints: { stripe: { service: serviceNamed('stripe'), registryResource: '', endpointId: '' } },
      agent_gateway_config: egressConfig('egress'),
      comment_url: '',
      failure_reason: '',
    });
    expect(writes()).toEqual([]);
  });

  it('writes the plan file, with the same bytes for the same world', async () => {
    const first = readFileSync((await planNow()).outputs.plan_file, 'utf8');
    run.on.clock.advance(86_400_000);
    const { outputs } = await planNow();
    expect(readFileSync(outputs.plan_file, 'utf8')).toBe(first);
    expect(path.relative(run.folder, outputs.plan_file)).not.toMatch(/^\.\./);
    expect((JSON.parse(first) as Plan).digest).toBe(outputs.plan_digest);
    expect(first).not.toContain('ya29');
  });

  it('fails on changes where that is asked for, with all outputs set', async () => {
    const { outputs, failures } = await planNow({ failOnChanges: true });
    expect(failures[0]?.reason).toBe('changes-found');
    expect(outputs).toMatchObject({ failure_reason: 'changes-found', changes: true, to_bind: 1 });
    await applyNow();
    expect((await planNow({ failOnChanges: true })).failures).toEqual([]);
  });

  it('fails on an error of a check, and says where in the file', async () => {
    run.on.google.gateways.clear();
    const { failures } = await planNow();
    expect(failures[0]).toMatchObject({
      reason: 'check-failed',
      message: expect.stringContaining('agentGateways/egress') as unknown,
    });
    const shown = run.on.log.entries.find(({ kind }) => kind === 'error');
    expect(shown?.at).toMatchObject({ title: 'gateway-not-found', file: 'agent-gateway.yaml', line: 5 });
  });
});

describe('apply', () => {
  it('carries the plan out and says what was planned and how it ended', async () => {
    const { outputs, failures, summary } = await applyNow();
    expect(failures).toEqual([]);
    expect(writes()).toEqual(['agentregistry.createService', 'iap.setPolicy', 'aiplatform.patchGatewayConfig']);
    expect(outputs).toMatchObject({
      changes: true,
      to_register: 1,
      to_grant: 1,
      to_bind: 1,
      engines: [{ egress: gatewayNamed('egress'), status: 'changed', governance: 'not-enforced' }],
      endpoints: {
        stripe: { registryResource: resourceOf('stripe'), endpointId: 'agentregistry-stripe' },
      },
      failure_reason: '',
    });
    expect(renderSummary(summary)).toContain('changed in this run');
  });

  it('has nothing to do a second time', async () => {
    await applyNow();
    run.on.google.calls.length = 0;
    expect((await applyNow()).outputs).toMatchObject({ changes: false, engines: [{ status: 'bound' }] });
    expect(writes()).toEqual([]);
  });

  it('writes nothing where a check says no', async () => {
    run.on.google.gateways.clear();
    expect((await applyNow()).failures[0]?.reason).toBe('check-failed');
    expect(writes()).toEqual([]);
  });

  it('has its outputs set when it fails halfway', async () => {
    run.on.google.engines.ends.set(engineNamed('1'), ['null']);
    const { outputs, failures } = await applyNow();
    expect(failures[0]?.message).toContain(engineNamed('1'));
    expect(outputs).toMatchObject({
      failure_reason: 'not-bound',
      to_bind: 1,
      engines: [{ status: 'failed', egress: null }],
      endpoints: { stripe: { endpointId: 'agentregistry-stripe' } },
    });
  });
});

describe('a reviewed plan', () => {
  it.each(['planFile', 'planDigest'] as const)('lets the same plan pass (%s)', async (input) => {
    const { outputs } = await planNow();
    const value = input === 'planFile' ? outputs.plan_file : outputs.plan_digest;
    expect((await applyNow({ [input]: value })).failures).toEqual([]);
    expect(writes()).toHaveLength(3);
  });

  it.each(['planFile', 'planDigest'] as const)('stops another one, and says why (%s)', async (input) => {
    const { outputs } = await planNow();
    const value = input === 'planFile' ? outputs.plan_file : outputs.plan_digest;
    run.on.google.engines.setConfig('1', egressConfig('old'));
    const { failures, outputs: after } = await applyNow({ [input]: value });
    expect(failures[0]?.reason).toBe('plan-changed');
    expect(after.failure_reason).toBe('plan-changed');
    expect(writes()).toEqual([]);
  });

  it('says what differs, where it knows', async () => {
    const { outputs } = await planNow();
    run.on.google.engines.setConfig('1', egressConfig('old'));
    const { failures } = await applyNow({ planFile: outputs.plan_file });
    expect(failures[0]?.message).toContain(`reviewed: binding "Support agent" (${engineNamed('1')}): create`);
    expect(failures[0]?.message).toContain(`now:      binding "Support agent" (${engineNamed('1')}): update`);
  });

  it.each(['where the plan step left it', 'elsewhere'])(
    'that was tampered with makes it do nothing, its own digest notwithstanding (%s)',
    async (where) => {
      const file = (await planNow()).outputs.plan_file;
      const plan = JSON.parse(readFileSync(file, 'utf8')) as { changes: { member?: string }[] };
      for (const change of plan.changes) if (change.member) change.member = 'principal://attacker';
      const reviewed = where === 'elsewhere' ? path.join(run.folder, 'reviewed.json') : file;
      writeFileSync(reviewed, JSON.stringify(plan));
      expect((await applyNow({ planFile: reviewed })).failures[0]?.reason).toBe('plan-changed');
      expect(writes()).toEqual([]);
    },
  );

  it.each([
    ['is not there', undefined],
    ['is no JSON', 'plan:'],
    ['is no plan', '{}'],
    ['is of another version', '{"schemaVersion":2,"scope":{},"changes":[]}'],
    [
      'has a change that is none',
      '{"schemaVersion":1,"scope":{"project":"p","projectNumber":"1","region":"r"},"changes":[{"layer":"x"}]}',
    ],
    ['is null', 'null'],
  ])('that %s is an invalid input', async (_what, text) => {
    const file = path.join(run.folder, 'plan.json');
    if (text !== undefined) writeFileSync(file, text);
    const thrown = await thrownBy(() => applyNow({ planFile: file }));
    expect(thrown).toBeInstanceOf(InvalidInput);
    expect((thrown as InvalidInput).problems).toEqual([
      expect.objectContaining({
        message: expect.stringContaining(file) as unknown,
        origin: { kind: 'input', input: 'plan_file' },
      }),
    ]);
    expect(run.on.google.calls).toEqual([]);
  });

  it('both file and digest must be right', async () => {
    const { outputs } = await planNow();
    const { failures } = await applyNow({ planFile: outputs.plan_file, planDigest: `sha256:${'0'.repeat(64)}` });
    expect(failures[0]?.reason).toBe('plan-changed');
  });
});

describe('verify', () => {
  it('is content with a world as declared', async () => {
    await applyNow();
    run.on.google.calls.length = 0;
    const { outputs, failures } = await verifyNow();
    expect(failures).toEqual([]);
    expect(outputs).toMatchObject({ changes: false, failure_reason: '', engines: [{ status: 'bound' }] });
    expect(writes()).toEqual([]);
  });

  it('names every difference, and puts nothing right', async () => {
    await applyNow();
    run.on.google.engines.setConfig('1', {});
    run.on.google.putPolicy(run.on.google.called('iap.setPolicy')[0] ?? '', []);
    run.on.google.calls.length = 0;
    const { outputs, failures } = await verifyNow();
    expect(failures[0]?.reason).toBe('changes-found');
    expect(failures[0]?.message.split('\n')).toEqual([
      'Not as declared: 1 grant, 1 binding.',
      '- Endpoint stripe has no grant for "Support agent" (1). Its calls to https://api.stripe.com are denied.',
      memberOf('1'),
      '- "Support agent" (1) is not bound to egress gateway egress. Its traffic does not pass the gateway: nothing that it calls is checked there.',
    ]);
    expect(outputs).toMatchObject({ changes: true, to_bind: 1, to_grant: 1, failure_reason: 'changes-found' });
    expect(writes()).toEqual([]);
  });
});

describe('apply without a permission that the plan needs', () => {
  const permission = 'iap.webServiceVersions.setIamPolicy';

  it('writes nothing, names the permission and a role', async () => {
    run.on.google.denied.add(permission);
    run.on.google.deniedOnResources.add(permission);
    const { failures } = await applyNow();
    expect(failures).toMatchObject([{ reason: 'permission-denied' }]);
    expect(failures[0]?.message).toContain(`does not have ${permission}`);
    expect(failures[0]?.next.join()).toContain('roles/iap.admin');
    expect(writes()).toEqual([]);
  });

  it('goes on when the resources themselves grant it', async () => {
    run.on.google.denied.add(permission);
    expect((await applyNow()).failures).toEqual([]);
  });

  it('is not asked for by a plan: the identity that plans need not be able to write', async () => {
    run.on.google.denied.add(permission);
    run.on.google.deniedOnResources.add(permission);
    expect((await planNow()).failures).toEqual([]);
    expect(run.on.google.called('resourcemanager.testPermissions')).toEqual([]);
  });
});
