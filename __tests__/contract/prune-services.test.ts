import { describe, expect, it } from '@jest/globals';
import {
  configOf,
  FILES,
  groupOf,
  MAIL,
  ONE_ENDPOINT,
  plainText,
  principal,
  PRUNE,
  runWith,
  TICKETS,
} from './support/day-two.js';
import { declaredWorld } from './support/declared.js';
import { annotations, BILLING, SCOPE, useStages, world, type Stage } from './support/stage.js';

const set = useStages();

describe('a service that is no longer declared', () => {
  const BEFORE = configOf({ 'ticket-system': TICKETS, files: FILES }, { 'Support agent': ['ticket-system', 'files'] });
  const declared = (start = world()): Promise<Stage> =>
    set({ world: declaredWorld(BEFORE, start), config: ONE_ENDPOINT });

  it('stays without prune, and is listed', async () => {
    const stage = await declared();
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false', to_remove: '0' } });
    expect(plainText(result.summary)).toMatch(
      /prunable \| Endpoint files \(.*\) was made by this config and is no longer declared; it has 1 host, granted to "Support agent"\./,
    );
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0 });
    expect(stage.emulator.world.services()).toEqual(expect.arrayContaining(['ticket-system', 'files']));
    expect(stage.decide(principal(stage, 'Support agent'), FILES)).toMatchObject({ allowed: true });
  });

  it('is removed with prune, with its endpoint and policy, and nothing else is', async () => {
    const stage = await declared(world({ services: [{ id: 'by-hand', urls: [`https://${MAIL}`] }] }));
    const { resourceId } = stage.emulator.world.service('files');
    const planned = await stage.run('plan', PRUNE);
    expect(planned).toMatchObject({
      outputs: { changes: 'true', to_register: '0', to_grant: '0', to_bind: '0', to_remove: '1' },
    });
    expect(groupOf(planned.log, 'Endpoints')).toEqual(
      expect.arrayContaining([
        '- files: remove projects/acme-agents/locations/us-central1/services/files',
        `    - https://${FILES} [JSONRPC]`,
        '    "Support agent" loses it',
      ]),
    );
    expect(stage.requests('DELETE', /./)).toEqual([]);

    const result = await stage.run('apply', PRUNE);
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_remove: '1', failure_reason: '' } });
    expect(result.log).toContain('files: removed, with its endpoint and policy');
    expect(plainText(result.summary)).toContain('| − remove | files | 1 removed<br>taken from Support agent |');
    expect(JSON.parse(result.outputs.endpoints ?? '')).not.toHaveProperty('files');
    expect(stage.requests('DELETE', '/services/files')).toMatchObject([
      { query: { requestId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) } },
    ]);
    expect([...stage.emulator.world.services()].sort()).toEqual(['by-hand', 'ticket-system']);
    expect(stage.emulator.world.policy(`endpoints/${resourceId}`).bindings).toEqual([]);
    expect(stage.decide(principal(stage, 'Support agent'), FILES)).toMatchObject({
      allowed: false,
      reason: 'not-registered',
    });
    expect(stage.decide(principal(stage, 'Support agent'), TICKETS)).toMatchObject({ allowed: true });
    expect(await stage.run('plan', PRUNE)).toMatchObject({ outputs: { changes: 'false' } });
  });

  it('is a new one, granted anew, when it is declared once more', async () => {
    const stage = await declared();
    const { resourceId } = stage.emulator.world.service('files');
    await stage.run('apply', PRUNE);
    expect(await runWith(stage, 'apply', BEFORE, PRUNE)).toMatchObject({
      exitCode: 0,
      outputs: { to_register: '1', to_grant: '1' },
    });
    expect(stage.emulator.world.service('files').resourceId).not.toBe(resourceId);
  });

  it.each<[string, (stage: Stage) => unknown, RegExp]>([
    [
      'somebody else is granted on it',
      ({ emulator }) => emulator.world.addMember('service:files', 'group:payments@example.com'),
      /others are granted on it too: group:payments@.?example\.com/,
    ],
    [
      'an engine is granted on it that the config does not declare',
      ({ emulator }) => emulator.world.addMember('service:files', `engine:${BILLING}`),
      /others are granted on it too: "Billing agent"/,
    ],
    [
      'others reach it through the registry-wide policy',
      ({ emulator }) => {
        emulator.world.setPolicy('service:files', []);
        emulator.world.addMember('registry', `engine:${BILLING}`);
      },
      /others reach its hosts through the registry-wide policy: "Billing agent"/,
    ],
  ])('stays while %s', async (_who, change, reason) => {
    const stage = await declared();
    change(stage);
    const result = await stage.run('apply', PRUNE);
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'false', to_remove: '0' } });
    expect(plainText(result.summary)).toMatch(reason);
    expect(result.log).toMatch(reason);
    expect(stage.emulator.world.services()).toContain('files');
  });

  it('stays when another key of the config uses its hosts', async () => {
    const stage = await declared();
    const renamed = configOf(
      { 'ticket-system': TICKETS, 'file-store': FILES },
      { 'Support agent': ['ticket-system', 'file-store'] },
    );
    const result = await runWith(stage, 'apply', renamed, PRUNE);
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_remove: '0' } });
    expect(plainText(result.summary)).toContain('endpoint file-store uses its hosts');
    expect(stage.decide(principal(stage, 'Support agent'), FILES)).toMatchObject({ allowed: true });
  });

  it.each([
    ['another config', { config: 'other.yaml' }, ONE_ENDPOINT],
    [
      'a run with inputs alone',
      { ...SCOPE, engines: 'Support agent', egress_gateway: 'egress', allow: `https://${TICKETS}` },
      undefined,
    ],
    ['a run whose allow comes from an input', { allow: 'ticket-system' }, ONE_ENDPOINT],
    ['a run that is narrowed to some engines', { engines: 'Support agent' }, ONE_ENDPOINT],
  ])('is none of %s', async (_whose, inputs, config) => {
    const stage = await declared();
    const files: Record<string, string> =
      config === undefined ? {} : { 'agent-gateway.yaml': config, 'other.yaml': config };
    const result = await stage.run(
      'apply',
      { ...inputs, ...PRUNE, ...(config === undefined ? { config: '' } : {}) },
      config === undefined ? { files: { 'agent-gateway.yaml': ONE_ENDPOINT } } : { files },
    );
    expect(result.exitCode).toBe(0);
    expect(stage.requests('DELETE', /./)).toEqual([]);
    expect(stage.emulator.world.services()).toContain('files');
  });

  it('is what a file declares: what the allow input added to it belongs to no config', async () => {
    const stage = await declared();
    const added = await stage.run('apply', { engines: 'Support agent', allow: `ticket-system, https://${MAIL}` });
    expect(added).toMatchObject({ exitCode: 0, outputs: { to_register: '1', to_grant: '1' } });
    expect(stage.emulator.world.service('mail-example-com').data).toMatchObject({
      description: 'Managed by bind-agent-gateway.',
    });
    expect(await stage.run('apply', PRUNE)).toMatchObject({ exitCode: 0, outputs: { to_remove: '1' } });
    expect([...stage.emulator.world.services()].sort()).toEqual(['mail-example-com', 'ticket-system']);
    expect(stage.decide(principal(stage, 'Support agent'), MAIL)).toMatchObject({ allowed: true });
  });

  it('is not removed when somebody is granted on it after the plan', async () => {
    const stage = await declared();
    stage.emulator.interceptors.push({
      after: ({ path }, response) => {
        // The permissions are what is asked for last before anything is written.
        if (path.includes('projects/acme-agents:testIamPermissions'))
          stage.emulator.world.addMember('service:files', 'user:late@example.com');
        return response;
      },
    });
    const result = await stage.run('apply', PRUNE);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'register-failed' } });
    expect(annotations(result.log, 'error')[0]).toMatch(
      /Removing endpoint files .*user:late@example\.com has been granted.*Plan again/s,
    );
    expect(stage.requests('DELETE', /./)).toEqual([]);
  });

  it('is not removed, and nothing is written, without the permission', async () => {
    const stage = await declared();
    stage.emulator.world.deny('agentregistry.services.delete');
    const before = stage.writes().length;
    const result = await stage.run('apply', PRUNE);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(annotations(result.log, 'error').join()).toContain('agentregistry.services.delete');
    expect(stage.writes()).toHaveLength(before);
  });
});
