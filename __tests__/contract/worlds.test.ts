import { describe, expect, it } from '@jest/globals';
import { checksIn, readScenario, useStages, type Stage } from './support/stage.js';

const set = useStages();

/** Plans, applies what was planned, and sees that nothing is left to do; no check cries wolf. */
async function settle(name: string, checks: readonly string[]): Promise<Stage> {
  const stage = await set(readScenario(name));
  const planned = await stage.run('plan');
  expect(planned).toMatchObject({ exitCode: 0, outputs: { changes: 'true', failure_reason: '' } });
  expect([...new Set(checksIn(planned))].sort()).toEqual(checks);
  expect(stage.writes()).toEqual([]);
  const applied = await stage.run('apply', { plan_digest: planned.outputs.plan_digest ?? '' });
  expect(applied).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
  const again = await stage.run('plan');
  expect(again).toMatchObject({
    exitCode: 0,
    outputs: { changes: 'false', to_register: '0', to_grant: '0', to_bind: '0' },
  });
  return stage;
}

const members = ({ emulator }: Stage, service: string): readonly string[] =>
  emulator.world.policy(`service:${service}`).bindings.flatMap((binding) => [...binding.members]);

describe('worlds like those that people have', () => {
  it('consolidated-hosts: gains hosts and agents, loses no member and no entry of others', async () => {
    const stage = await set(readScenario('consolidated-hosts'));
    const before = members(stage, 'googleapis');
    // A hand-made list of hosts without the ones that an agent calls at start-up, and members of engines that are gone.
    const after = await settle('consolidated-hosts', ['runtime-hosts-missing', 'stale-members']);
    expect(members(after, 'googleapis').slice(0, before.length)).toEqual(before);
    expect(members(after, 'googleapis')).toHaveLength(before.length + 2);
    expect(after.emulator.world.service('googleapis').data).toMatchObject({
      description: 'One service for all Google hosts, one grant covers them',
    });
    expect(after.writes().filter(({ path }) => /\/(agents|mcpServers)\//.test(path))).toEqual([]);
    expect(after.requests('PATCH', /\/services\//).map(({ path }) => path.split('/').at(-1))).toEqual(['googleapis']);
    const { principal } = after.emulator.world.engine('Subtitle auditor');
    expect(after.decide(principal, 'us-central1-telemetry.googleapis.com')).toMatchObject({ allowed: true });
    expect(after.decide(principal, 'pubsub.googleapis.com')).toMatchObject({ reason: 'no-grant' });
  });

  it('registry-wide: carries members over where it is told to, and leaves the engine alone that is not declared', async () => {
    // No organization, a registry-wide grant, an update that failed: all three are the world's point.
    const checks = ['engine-busy-failing', 'registry-wide-shadowed'];
    const { emulator, requests, decide } = await settle('registry-wide', checks);
    const { world } = emulator;
    const bank = world.engine('SRE memory bank');
    expect(bank.binding).toEqual({});
    expect(requests('PATCH', bank.id)).toEqual([]);
    world.bind('SRE memory bank', { egress: 'sre-agent-egress' });
    expect(decide(bank.principal, 'aiplatform.googleapis.com')).toMatchObject({ allowed: true });
    expect(decide(bank.principal, 'sts.googleapis.com')).toMatchObject({ allowed: true });
    expect(decide(bank.principal, 'modelarmor.us-central1.rep.googleapis.com')).toMatchObject({ allowed: false });
    const agent = world.engine('SRE agent').principal;
    for (const host of ['agentregistry.googleapis.com', 'modelarmor.us-central1.rep.mtls.googleapis.com']) {
      expect(decide(agent, host)).toMatchObject({ allowed: true, enforced: true });
    }
  });

  it('google-skill: adds to the one consolidated service that is there', async () => {
    const { emulator, decide } = await settle('google-skill', []);
    expect(emulator.world.services()).toEqual(['googleapis']);
    const { principal, binding } = emulator.world.engine('Travel concierge');
    expect(binding).toEqual({
      egress: 'projects/skill-demo/locations/us-central1/agentGateways/agent-egress',
      ingress: 'projects/skill-demo/locations/us-central1/agentGateways/agent-ingress',
    });
    for (const host of ['aiplatform.us-central1.rep.googleapis.com', 'secretmanager.googleapis.com']) {
      expect(decide(principal, host)).toMatchObject({ allowed: true, enforced: true });
    }
  });

  it('two-agents: binds both to the one gateway they must share', async () => {
    const { emulator, decide } = await settle('two-agents', ['runtime-hosts-missing']);
    const { world } = emulator;
    const [concierge, status] = ['Concierge agent', 'Order status agent'].map((name) => world.engine(name));
    expect(concierge?.binding).toEqual(status?.binding);
    expect(decide(concierge?.principal ?? '', 'agentregistry.googleapis.com')).toMatchObject({ allowed: true });
    expect(decide(status?.principal ?? '', 'agentregistry.googleapis.com')).toMatchObject({ allowed: false });
    expect(decide(status?.principal ?? '', 'us-central1-telemetry.mtls.googleapis.com')).toMatchObject({
      allowed: true,
    });
  });
});
