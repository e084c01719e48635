import { describe, expect, it } from '@jest/globals';
import { annotations, BILLING, CONFIG, enginesOf, SUPPORT, useStages, world } from './support/stage.js';

const set = useStages();

const declared = world({
  engines: [
    { id: SUPPORT, displayName: 'Support agent', egress: 'egress' },
    { id: BILLING, displayName: 'Billing agent', egress: 'egress' },
  ],
  services: [
    {
      id: 'ticket-system',
      urls: ['https://tickets.example.com'],
      policy: [{ members: [`engine:${SUPPORT}`, `engine:${BILLING}`] }],
    },
  ],
});

describe('verify', () => {
  it('passes while everything is as declared', async () => {
    const stage = await set({ world: declared, config: CONFIG });
    const result = await stage.run('verify');
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false', failure_reason: '' } });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'bound', governance: 'governed' });
    expect(stage.writes()).toEqual([]);
  });

  it('names the engine whose binding was cleared behind its back, and writes nothing', async () => {
    const stage = await set({ world: declared, config: CONFIG });
    stage.emulator.world.bind(SUPPORT, null);
    const result = await stage.run('verify');
    expect(result).toMatchObject({
      exitCode: 1,
      outputs: { changes: 'true', to_register: '0', to_grant: '0', to_bind: '1', failure_reason: 'changes-found' },
    });
    const [error] = annotations(result.log, 'error');
    expect(error).toContain(SUPPORT);
    expect(error).not.toContain('Billing');
    expect(result.summary).toContain(SUPPORT);
    expect(enginesOf(result)['Support agent']).toMatchObject({ egress: null, governance: 'not-bound' });
    expect(stage.writes()).toEqual([]);
  });

  it('finds a member that was taken away and an endpoint that was removed', async () => {
    const stage = await set({ world: declared, config: CONFIG });
    stage.emulator.world.removeMember('service:ticket-system', `engine:${SUPPORT}`);
    const member = await stage.run('verify');
    expect(member).toMatchObject({ exitCode: 1, outputs: { to_grant: '1', failure_reason: 'changes-found' } });
    expect(annotations(member.log, 'error')[0]).toContain(stage.emulator.world.engine(SUPPORT).principal);
    stage.emulator.world.removeService('ticket-system');
    const service = await stage.run('verify');
    expect(service).toMatchObject({ exitCode: 1, outputs: { to_register: '1', to_grant: '2' } });
    expect(annotations(service.log, 'error')[0]).toContain('ticket-system');
    expect(stage.writes()).toEqual([]);
  });

  it('is content again once apply has run', async () => {
    const stage = await set({ world: declared, config: CONFIG });
    stage.emulator.world.bind(SUPPORT, null);
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_bind: '1' } });
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0, outputs: { changes: 'false', failure_reason: '' } });
  });

  it.each([
    ['logs only what it would deny', { iapPolicyVersion: 'V1', iamEnforcementMode: 'DRY_RUN' }],
    ['decides by access policies, and the rules are missing', { iapPolicyVersion: 'V2' }],
  ])('tells a bound engine from a governed one when the gateway %s', async (_when, metadata) => {
    const stage = await set({ world: declared, config: CONFIG });
    stage.emulator.world.changeNetworking('extensions', 'iap-authz', { metadata });
    const result = await stage.run('verify');
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'bound', governance: 'not-enforced' });
  });
});

describe('plan with fail_on_changes', () => {
  it('fails when there are changes', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await stage.run('plan', { fail_on_changes: 'true' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { changes: 'true', failure_reason: 'changes-found' } });
    expect(result.outputs.plan_file).not.toBe('');
    expect(stage.writes()).toEqual([]);
  });

  it('passes when there are none', async () => {
    const stage = await set({ world: declared, config: CONFIG });
    expect(await stage.run('plan', { fail_on_changes: 'true' })).toMatchObject({
      exitCode: 0,
      outputs: { changes: 'false', failure_reason: '' },
    });
  });
});
