import { describe, expect, it } from '@jest/globals';
import {
  configOf,
  crowd,
  FILES,
  GONE,
  groupOf,
  MAIL,
  members,
  ONE_ENDPOINT,
  plainText,
  principal,
  PRUNE,
  runWith,
  STRANGERS,
  TICKETS,
} from './support/day-two.js';
import { declaredWorld } from './support/declared.js';
import type { StepResult } from './support/runner.js';
import { BILLING, SCOPE, SUPPORT, useStages, type Stage } from './support/stage.js';

const set = useStages();
/** A world as this config declares it, and the config to begin with. */
const declared = (config = ONE_ENDPOINT): Promise<Stage> => set({ world: declaredWorld(config), config });

describe('a policy that others share', () => {
  /** Another team's config for another engine of the same project, which uses the endpoint of the first one. */
  const OTHER = configOf({ mail: MAIL, 'their-tickets': TICKETS }, { 'Billing agent': ['mail', 'their-tickets'] });
  const others: readonly (readonly [string, (stage: Stage) => Promise<StepResult>])[] = [
    ['config of its own', (stage) => stage.run('apply', { config: 'other.yaml' }, { files: { 'other.yaml': OTHER } })],
    [
      'config that leaves no mark anywhere',
      (stage) =>
        stage.run(
          'apply',
          { config: 'other.yaml' },
          { files: { 'other.yaml': configOf({ 'their-tickets': TICKETS }, { 'Billing agent': ['their-tickets'] }) } },
        ),
    ],
    [
      'run with inputs alone',
      (stage) =>
        stage.run('apply', {
          ...SCOPE,
          engines: 'Billing agent',
          egress_gateway: 'egress',
          allow: `https://${TICKETS}`,
        }),
    ],
  ];

  it.each(others)(
    'loses exactly the members of engines that are gone; another %s keeps its own',
    async (_whose, byOthers) => {
      const stage = await declared();
      expect(await byOthers(stage)).toMatchObject({ exitCode: 0 });
      crowd(stage);
      const before = structuredClone(stage.emulator.world.policy('service:ticket-system').bindings);
      const old = principal(stage, 'Support agent');
      const fresh = stage.emulator.world.recreateEngine('Support agent').principal;

      const applied = await stage.run('apply', PRUNE);
      expect(applied).toMatchObject({
        exitCode: 0,
        outputs: { to_register: '0', to_grant: '1', to_bind: '1', to_remove: '2', failure_reason: '' },
      });
      expect(groupOf(applied.log, 'Grants').filter((line) => line.startsWith('-'))).toEqual([
        expect.stringMatching(new RegExp(`^- ticket-system: engine is gone, .*${SUPPORT}$`)),
        `- ticket-system: engine is gone, ${GONE}`,
      ]);
      expect(applied.log).toContain('ticket-system: took 2 members out');
      expect(plainText(applied.summary)).toContain(`| − clean up | ticket-system | 2 | `);

      const [first, ...conditional] = before;
      const left = first?.members.filter((member) => member !== old && member !== GONE) ?? [];
      expect(stage.emulator.world.policy('service:ticket-system').bindings).toEqual([
        { ...first, members: [...left, fresh] },
        ...conditional,
      ]);
      expect(left).toContain(principal(stage, 'Billing agent'));
      expect(stage.decide(principal(stage, 'Billing agent'), TICKETS)).toMatchObject({ allowed: true });
      expect(await stage.run('verify', PRUNE)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    },
  );

  it('is written with its etag: what somebody writes at the same time stays', async () => {
    const stage = await declared();
    crowd(stage);
    let times = 0;
    stage.emulator.world.onBeforeSetIamPolicy(() => {
      times += 1;
      if (times <= 2) stage.emulator.world.addMember('service:ticket-system', `user:writer-${times}@example.com`);
    });
    expect(await stage.run('apply', PRUNE)).toMatchObject({ exitCode: 0, outputs: { to_remove: '1' } });
    expect(
      stage
        .requests('POST', ':setIamPolicy')
        .slice(-3)
        .map(({ status }) => status),
    ).toEqual([409, 409, 200]);
    expect(members(stage)).toEqual([
      'user:a@example.com',
      principal(stage, 'Support agent'),
      ...STRANGERS.slice(1),
      'user:writer-1@example.com',
      'user:writer-2@example.com',
    ]);
  });

  it('loses members that IAM marks as deleted as well', async () => {
    const stage = await declared();
    stage.emulator.world.set({ iap: { goneMembers: 'marked-deleted' } });
    stage.emulator.world.recreateEngine('Support agent');
    expect(members(stage)).toEqual([expect.stringMatching(/^deleted:principal:/)]);
    expect(await stage.run('apply', PRUNE)).toMatchObject({ exitCode: 0, outputs: { to_grant: '1', to_remove: '1' } });
    expect(members(stage)).toEqual([principal(stage, 'Support agent')]);
  });

  it('keeps the grant of an engine that was just deployed, and that Google does not list yet', async () => {
    const stage = await declared();
    stage.emulator.world.addMember('service:ticket-system', `engine:${BILLING}`);
    stage.emulator.interceptors.push({
      after: async ({ path }, response) => {
        if (!path.endsWith('/reasoningEngines')) return response;
        const listed = (await response.json()) as { reasoningEngines: { name: string }[] };
        return Response.json({
          reasoningEngines: listed.reasoningEngines.filter(({ name }) => !name.endsWith(BILLING)),
        });
      },
    });
    expect(await stage.run('apply', PRUNE)).toMatchObject({
      exitCode: 0,
      outputs: { changes: 'false', to_remove: '0' },
    });
    expect(members(stage)).toContain(principal(stage, 'Billing agent'));
  });
});

describe('an engine that the config declares', () => {
  const BOTH = configOf(
    { 'ticket-system': TICKETS, mail: MAIL },
    { 'Support agent': ['ticket-system', 'mail'], 'Billing agent': ['ticket-system', 'mail'] },
  );
  const LESS = BOTH.replace(/(Billing agent\n {4}allow: \[)ticket-system, mail/, '$1mail');

  it('loses what it is not allowed any more, and keeps the rest', async () => {
    const stage = await declared(BOTH);
    const dry = await runWith(stage, 'plan', LESS);
    expect(dry).toMatchObject({ exitCode: 0, outputs: { changes: 'false', to_remove: '0' } });
    expect(plainText(dry.summary)).toMatch(
      /note \| prunable \| The policy of service .*\/ticket-system grants "Billing agent", which this config does not allow endpoint ticket-system/,
    );
    expect(dry.log).toMatch(/::notice title=prunable,file=agent-gateway\.yaml,line=7,col=3::/);

    const planned = await runWith(stage, 'plan', LESS, PRUNE);
    expect(planned).toMatchObject({ outputs: { changes: 'true', to_remove: '1' } });
    expect(plainText(planned.summary)).toContain('with 1 grant revoked');
    expect(planned.outputs.plan_digest).not.toBe(dry.outputs.plan_digest);
    expect(await runWith(stage, 'verify', LESS, PRUNE)).toMatchObject({
      exitCode: 1,
      outputs: { failure_reason: 'changes-found', to_remove: '1' },
    });
    expect(stage.writes()).toEqual([]);

    const applied = await runWith(stage, 'apply', LESS, { ...PRUNE, plan_digest: planned.outputs.plan_digest ?? '' });
    expect(applied).toMatchObject({ exitCode: 0, outputs: { to_remove: '1', failure_reason: '' } });
    expect(stage.decide(principal(stage, 'Billing agent'), TICKETS)).toMatchObject({ allowed: false });
    expect(stage.decide(principal(stage, 'Billing agent'), MAIL)).toMatchObject({ allowed: true });
    expect(stage.decide(principal(stage, 'Support agent'), TICKETS)).toMatchObject({ allowed: true });
    expect(await runWith(stage, 'verify', LESS, PRUNE)).toMatchObject({ exitCode: 0 });
  });

  it('and is then taken out of the config keeps what it has, and is named', async () => {
    const stage = await declared(BOTH);
    const alone = configOf({ 'ticket-system': TICKETS, mail: MAIL }, { 'Support agent': ['ticket-system', 'mail'] });
    const result = await runWith(stage, 'apply', alone, PRUNE);
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_remove: '0' } });
    expect(plainText(result.summary)).toMatch(
      /prune-kept \| The policy of service .* grants "Billing agent", and prune leaves that: the config does not declare them/,
    );
    expect(stage.decide(principal(stage, 'Billing agent'), TICKETS)).toMatchObject({ allowed: true });
    const none = configOf(
      { 'ticket-system': TICKETS, mail: MAIL },
      { 'Support agent': ['ticket-system', 'mail'], 'Billing agent': [] },
    );
    expect(await runWith(stage, 'apply', none, PRUNE)).toMatchObject({ exitCode: 0, outputs: { to_remove: '2' } });
    expect(stage.decide(principal(stage, 'Billing agent'), MAIL)).toMatchObject({ allowed: false });
  });
});

describe('a run that is narrowed to some engines', () => {
  it('takes away what is left of those that are gone and what its own engines may not have, and nothing else', async () => {
    const both = configOf(
      { 'ticket-system': TICKETS, files: FILES },
      { 'Support agent': ['ticket-system', 'files'], 'Billing agent': ['ticket-system', 'files'] },
    );
    const stage = await declared(both);
    stage.emulator.world.addMember('service:ticket-system', GONE);
    const less = configOf({ 'ticket-system': TICKETS }, { 'Support agent': [], 'Billing agent': [] });
    const result = await runWith(stage, 'apply', less, { ...PRUNE, engines: 'Support agent' });
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_remove: '2' } });
    expect(members(stage)).toEqual([principal(stage, 'Billing agent')]);
    expect(stage.emulator.world.services()).toContain('files');
  });
});

describe('the last member of a policy', () => {
  it('stays where the registry-wide policy would let others in, and the plan says so', async () => {
    const stage = await declared();
    stage.emulator.world.setPolicy('service:ticket-system', [{ members: [GONE, `engine:${SUPPORT}`] }]);
    stage.emulator.world.addMember('registry', `engine:${BILLING}`);
    stage.emulator.world.bind(BILLING, { egress: 'egress' });
    const nobody = configOf({ 'ticket-system': TICKETS }, { 'Support agent': [] });
    const result = await runWith(stage, 'apply', nobody, PRUNE);
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_remove: '1' } });
    expect(plainText(result.summary)).toMatch(
      /prune-kept \| .*reasoningEngines\/7001, and prune leaves that: nobody else is in it, and an empty policy lets everybody in who has a registry-wide grant/,
    );
    expect(members(stage)).toEqual([GONE]);
    for (const engine of [SUPPORT, BILLING]) {
      expect(stage.decide(principal(stage, engine), TICKETS)).toMatchObject({ allowed: false });
    }
  });
});

describe('the root action', () => {
  it('shows what it takes away before it does, and refuses anything else', async () => {
    const stage = await declared();
    crowd(stage);
    const result = await stage.run('', PRUNE);
    expect(Object.keys(result.steps)).toEqual(['plan', 'apply']);
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'true', to_remove: '1' } });
    expect(members(stage)).not.toContain(GONE);
    expect(Object.keys((await stage.run('', PRUNE)).steps)).toEqual(['plan']);
  });
});
