import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  agents,
  bindings,
  egressIn,
  FAST_QUOTA,
  failing,
  fleetWorld,
  gatewayNamed,
  idOf,
  killedAt,
  MOVE,
  NEW,
  OLD,
  progressOf,
  runMove,
  slotFor,
  TAKEN,
  updatedTo,
  updates,
  WITHOUT_MOVE,
  type Moment,
} from './support/moves.js';
import type { StepResult } from './support/runner.js';
import { annotations, enginesOf, INGRESS, useStages, type Stage } from './support/stage.js';

const set = useStages();
const ALL = agents(12).map(idOf).sort();
const SUBJECT = `Move to egress gateway ${NEW}`;

describe('a move of twelve engines', () => {
  let stage: Stage;
  let planned: StepResult;
  let result: StepResult;
  beforeAll(async () => {
    stage = await set({ world: fleetWorld(12), config: MOVE });
    planned = await stage.run('plan');
    result = await runMove(stage, { plan_digest: planned.outputs.plan_digest ?? '' });
  }, 60_000);

  it('is planned as one, with everybody named who has no gateway meanwhile', () => {
    expect(planned).toMatchObject({ exitCode: 0, outputs: { to_bind: '12', failure_reason: '' } });
    expect(planned.log).toContain(
      '    egress: old -> egress (move: unbound first, bound again once all engines have left their gateway)',
    );
    const warning = annotations(planned.log, 'warning').find((text) => text.includes('[move-ungoverned]'));
    for (const name of agents(12)) expect(warning).toContain(`"${name}"`);
    expect(planned.summary).toContain('with 12 moves to another gateway');
    expect(planned.summary).toContain('move-ungoverned');
  });

  it('ends with all of them on the new gateway, each unbound once and bound once', () => {
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(bindings(stage, 12)).toEqual(Array(12).fill(NEW));
    expect(updatedTo(stage, null)).toEqual(ALL);
    expect(updatedTo(stage, NEW)).toEqual(ALL);
    expect(updates(stage)).toHaveLength(24);
    expect(enginesOf(result)['Agent 7']).toMatchObject({ status: 'changed', egress: NEW, governance: 'governed' });
  });

  it('registers and grants before anybody leaves, and binds nobody before all have left', () => {
    const writes = stage.writes();
    const first = writes.findIndex(({ path }) => path.includes('/reasoningEngines/'));
    expect(writes.slice(0, first).map(({ path }) => path.replace(/^.*\//, '').replace(/.*:/, ':'))).toEqual([
      'services',
      ':setIamPolicy',
    ]);
    expect(updates(stage).map(([, egress]) => egress === null)).toEqual([
      ...Array<boolean>(12).fill(true),
      ...Array<boolean>(12).fill(false),
    ]);
  });

  it('leaves the other direction as it is in every write', () => {
    for (const name of agents(12)) expect(stage.emulator.world.engine(name).binding.ingress).toBe(INGRESS);
    const sent = stage.requests('PATCH', /\/reasoningEngines\//).map(({ body }) => JSON.stringify(body));
    expect(sent.filter((body) => !body.includes(INGRESS))).toEqual([]);
  });

  it('says what it does at each point', () => {
    const lines = progressOf(result).filter((line) => line.startsWith('Move to'));
    expect(lines).toEqual([
      `${SUBJECT}: unbinding 12 engine(s) first`,
      `${SUBJECT}: binding one engine, to see whether the slot is free`,
      `${SUBJECT}: the slot is free, 11 more to bind`,
    ]);
  });

  it('has nothing left to do', async () => {
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    const before = stage.writes().length;
    expect(await runMove(stage)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(stage.writes()).toHaveLength(before);
  });
});

describe('a move is refused before anything is written', () => {
  const refused = async (stage: Stage, check: string, folders = ['plan', 'apply']): Promise<StepResult> => {
    let result: StepResult | undefined;
    for (const folder of folders) {
      result = await stage.run(folder, {}, { env: FAST_QUOTA });
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
      expect(result.log).toContain(`::error title=${check}`);
      expect(stage.writes()).toEqual([]);
    }
    if (!result) throw new Error('nothing was run');
    return result;
  };

  it('without move: true, which the refusal names', async () => {
    const stage = await set({ world: fleetWorld(12), config: WITHOUT_MOVE });
    const { log, summary } = await refused(stage, 'gateway-conflict');
    expect(log).toContain('set move: true in the config');
    expect(summary).toContain('gateway-conflict');
  });

  it('when an engine stays behind that is not selected', async () => {
    const config = MOVE.replace('engine: all', `engine: "${idOf('Agent 1')}"`);
    const stage = await set({ world: fleetWorld(3), config });
    const { log } = await refused(stage, 'gateway-conflict');
    const conflict = annotations(log, 'error').find((text) => text.includes('[gateway-conflict]'));
    expect(conflict).toMatch(/bound to another one: "Agent 2" .*, "Agent 3" /);
    expect(conflict).toContain('have to be selected');
  });

  it('when an engine that is not selected cannot be read', async () => {
    const config = MOVE.replace('engine: all', `engine: "${idOf('Agent 1')}"`);
    const denied = [
      {
        permission: 'aiplatform.reasoningEngines.get',
        resource: `projects/acme-agents/locations/us-central1/reasoningEngines/${idOf('Agent 2')}`,
      },
    ];
    const stage = await set({ world: fleetWorld(2, { denied }), config });
    const { log } = await refused(stage, 'gateway-conflict');
    expect(log).toContain('it is not known what these are bound to');
  });

  it('when an enforced guardrail of the config forbids to be without gateway', async () => {
    const guardrails = `guardrails:
  organization: "5550001"
  egress: [${OLD}, ${NEW}]
  enforce_on: projects/acme-agents
`;
    const stage = await set({ world: fleetWorld(2), config: MOVE + guardrails });
    const enforced = await stage.run(
      'apply',
      {},
      { files: { 'agent-gateway.yaml': (MOVE + guardrails).replace('egress: egress', 'egress: old') } },
    );
    expect(enforced).toMatchObject({ exitCode: 0 });
    const before = stage.writes().length;
    const result = await runMove(stage);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(annotations(result.log, 'error').join('\n')).toMatch(
      /refuses to unbind engines from their egress gateway.*"Agent 1".*dry_run: true/,
    );
    expect(stage.writes()).toHaveLength(before);

    // As the remedy says: loosened first, in the same apply.
    const loosened = await stage.run(
      'apply',
      {},
      { env: FAST_QUOTA, files: { 'agent-gateway.yaml': `${MOVE}${guardrails}  dry_run: true\n` } },
    );
    expect(loosened).toMatchObject({ exitCode: 0 });
    expect(bindings(stage, 2)).toEqual([NEW, NEW]);
  }, 60_000);
});

describe('a slot that is not free yet', () => {
  it('is waited for, with one engine after the other', async () => {
    const stage = await set({ world: fleetWorld(4), config: MOVE, settings: slotFor(3_000) });
    const result = await runMove(stage);
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(bindings(stage, 4)).toEqual(Array(4).fill(NEW));
    expect(result.log).toMatch(new RegExp(`Agent \\d: .*${TAKEN}; the slot may still be taken by the other gateway`));
    // What was tried while the slot was taken was tried with one engine at a time.
    expect(updatedTo(stage, NEW).length).toBeLessThan(4 * 3);
  }, 60_000);

  it('and is told at once is waited for as well', async () => {
    const { aiplatform } = slotFor(2_000);
    const settings = {
      aiplatform: {
        ...aiplatform,
        secondGateway: 'sync' as const,
        secondGatewayStatus: 'FAILED_PRECONDITION' as const,
      },
    };
    const stage = await set({ world: fleetWorld(3), config: MOVE, settings });
    const result = await runMove(stage);
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(updatedTo(stage, NEW)).toEqual(agents(3).map(idOf));
    expect(result.log).toContain(TAKEN);
  }, 60_000);

  it('ends the run with timeout, and says who has no gateway; the next run goes on', async () => {
    const stage = await set({ world: fleetWorld(3), config: MOVE, settings: slotFor(3_600_000) });
    const result = await runMove(stage, { timeout: '0.1', rollback: 'true' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'timeout' } });
    const error = annotations(result.log, 'error').join('\n');
    expect(error).toContain(`${SUBJECT} is not finished`);
    expect(error).toContain(
      '- bound to no egress gateway, so that what they call is not governed: "Agent 1", "Agent 2", "Agent 3"',
    );
    expect(error).toContain('Not rolled back: nothing new is begun once a run is over.');
    expect(result.summary).toContain('is not finished');
    expect(result.log).toContain('move: true included');
    expect(enginesOf(result)['Agent 1']).toMatchObject({ status: 'pending', egress: null });

    stage.emulator.world.advance(3_600_000);
    expect(await runMove(stage)).toMatchObject({ exitCode: 0 });
    expect(bindings(stage, 3)).toEqual(Array(3).fill(NEW));
  }, 60_000);
});

describe('a move of twelve engines that is killed', () => {
  const MOMENTS: readonly Moment[] = [
    { nth: 1, when: 'before' },
    { nth: 1, when: 'after' },
    { nth: 7, when: 'after' },
    { nth: 12, when: 'before' },
    { nth: 12, when: 'after' },
    { nth: 13, when: 'before' },
    { nth: 13, when: 'after' },
    { nth: 18, when: 'after' },
    { nth: 24, when: 'before' },
    { nth: 24, when: 'after' },
  ];
  const labelOf = ({ nth, when }: Moment): string => `${when} update ${nth} of 24`;
  const ended = new Map<
    string,
    { stage: Stage; first: StepResult; then: (string | undefined)[]; second: StepResult }
  >();
  beforeAll(async () => {
    // All at a time: most of it is waiting for operations.
    await Promise.all(
      MOMENTS.map(async (moment) => {
        const stage = await set({ world: fleetWorld(12), config: MOVE });
        const first = await killedAt(stage, moment);
        const then = bindings(stage, 12);
        ended.set(labelOf(moment), { stage, first, then, second: await runMove(stage) });
      }),
    );
  }, 240_000);

  it.each(MOMENTS.map((moment) => [labelOf(moment)]))(
    '%s ends with all on the new one after another run, none bound twice',
    (label) => {
      const { stage, first, second } = ended.get(label) ?? {};
      expect(first).toMatchObject({ exitCode: 128, summary: '' });
      expect(second).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
      if (!stage) throw new Error('no stage');
      expect(bindings(stage, 12)).toEqual(Array(12).fill(NEW));
      expect(updatedTo(stage, NEW)).toEqual(ALL);
      expect(updatedTo(stage, null)).toEqual(ALL);
      for (const name of agents(12)) expect(stage.emulator.world.engine(name).binding.ingress).toBe(INGRESS);
    },
  );

  it('while the slot is still taken leaves the next run waiting for it', async () => {
    const stage = await set({ world: fleetWorld(3), config: MOVE, settings: slotFor(4_000) });
    // The first three updates unbind, the fourth is the first attempt at the new gateway.
    expect(await killedAt(stage, { nth: 4, when: 'after' })).toMatchObject({ exitCode: 128 });
    const second = await runMove(stage);
    expect(second).toMatchObject({ exitCode: 0, outputs: { to_bind: '3' } });
    expect(second.log).toContain(TAKEN);
    expect(bindings(stage, 3)).toEqual(Array(3).fill(NEW));
    expect(updatedTo(stage, null)).toEqual(agents(3).map(idOf));
  }, 60_000);

  it('in the middle of unbinding is planned as a move again, which needs move: true again', async () => {
    const stage = await set({ world: fleetWorld(3), config: MOVE });
    stage.emulator.world.bind('Agent 1', { ingress: 'ingress' });
    const refused = await stage.run('apply', {}, { files: { 'agent-gateway.yaml': WITHOUT_MOVE } });
    expect(refused).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(stage.writes()).toEqual([]);
    const planned = await stage.run('plan');
    expect(planned.log).toContain('not bound -> egress (bound once the slot of the other gateway is free)');
    expect(planned.summary).toContain('with 2 moves to another gateway');
    expect(await runMove(stage)).toMatchObject({ exitCode: 0 });
    expect(updatedTo(stage, null)).toEqual(['Agent 2', 'Agent 3'].map(idOf));
    expect(updatedTo(stage, NEW)).toEqual(agents(3).map(idOf));
  }, 60_000);

  it('after all have left is a plain bind', async () => {
    const stage = await set({ world: fleetWorld(3), config: MOVE });
    for (const name of agents(3)) stage.emulator.world.bind(name, { ingress: 'ingress' });
    const planned = await stage.run('plan', {}, { files: { 'agent-gateway.yaml': WITHOUT_MOVE } });
    expect(planned).toMatchObject({ exitCode: 0, outputs: { to_bind: '3' } });
    expect(await runMove(stage)).toMatchObject({ exitCode: 0 });
    expect(updates(stage).every(([, egress]) => egress === NEW)).toBe(true);
    expect(updates(stage)).toHaveLength(3);
  }, 60_000);
});

describe('a move that fails half-way', () => {
  const outcome = { code: 13, message: 'The container did not start.' };

  describe('without rollback', () => {
    let stage: Stage;
    let result: StepResult;
    beforeAll(async () => {
      stage = await set({ world: fleetWorld(5), config: MOVE });
      failing(stage, 'Agent 3', [NEW, outcome]);
      result = await runMove(stage);
    }, 60_000);

    it('goes on with the other engines', () => {
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
      expect(bindings(stage, 5)).toEqual([NEW, NEW, undefined, NEW, NEW]);
      expect(enginesOf(result)).toMatchObject({
        'Agent 2': { status: 'changed', egress: NEW },
        'Agent 3': { status: 'failed', egress: null },
      });
    });

    it('says where all stand, in the log and in the summary', () => {
      const error = annotations(result.log, 'error').join('\n');
      expect(error).toContain('The container did not start.');
      expect(error).toContain(`- bound to egress gateway ${NEW}: 4 engine(s)`);
      expect(error).toContain('so that what they call is not governed: "Agent 3"');
      expect(result.log).toContain('engines that are bound to the new gateway are left alone');
      expect(result.summary).toContain('so that what they call is not governed');
      expect(result.log).not.toContain('olled back');
    });

    it('is finished by the next run, which touches nobody else', async () => {
      stage.emulator.interceptors.length = 0;
      stage.emulator.world.set({ engineUpdate: { engines: { 'Agent 3': 'ok' } } });
      const before = updates(stage).length;
      expect(await runMove(stage)).toMatchObject({ exitCode: 0 });
      expect(updates(stage).slice(before)).toEqual([[idOf('Agent 3'), NEW]]);
    });
  });

  describe('with rollback', () => {
    let stage: Stage;
    let result: StepResult;
    beforeAll(async () => {
      stage = await set({ world: fleetWorld(5), config: MOVE, settings: slotFor(1_000) });
      failing(stage, 'Agent 3', [NEW, outcome]);
      result = await runMove(stage, { rollback: 'true' });
    }, 60_000);

    it('takes all back, and still fails for the first reason', () => {
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed', to_bind: '5' } });
      expect(bindings(stage, 5)).toEqual(Array(5).fill(OLD));
      for (const name of agents(5)) expect(stage.emulator.world.engine(name).binding.ingress).toBe(INGRESS);
      expect(enginesOf(result)).toMatchObject({
        'Agent 2': { status: 'pending', egress: OLD },
        'Agent 3': { status: 'failed', egress: OLD },
      });
    });

    it('says so at each point', () => {
      const lines = progressOf(result);
      const at = (text: string): number => lines.findIndex((line) => line.includes(text));
      const points = [
        `${SUBJECT}: unbinding 5 engine(s) first`,
        'Agent 3: FAILED',
        `${SUBJECT}: FAILED, rolling back 5 engine(s)`,
        `Agent 1: rolled back to egress ${OLD}, ingress ${INGRESS}`,
      ].map(at);
      expect(points).not.toContain(-1);
      expect([...points].sort((a, b) => a - b)).toEqual(points);
    });

    it('and in what is left of it: annotation, summary and the line of each engine', () => {
      const error = annotations(result.log, 'error').join('\n');
      expect(error).toContain('The container did not start.');
      expect(error).toContain(`Rolled back to egress ${OLD}, ingress ${INGRESS}.`);
      expect(error).toContain(`${SUBJECT} was rolled back: all 5 engine(s) are bound as they were before.`);
      expect(result.summary).toContain('was rolled back');
      expect(result.summary).toMatch(/Agent 2.*not done, rolled back/);
      expect(result.summary).toMatch(/Agent 3.*\*\*failed\*\*, rolled back/);
      expect(result.log).toMatch(/"Agent 3" \(703\): FAILED, rolled back;/);
    });

    it('leaves services and grants, and can be begun anew', async () => {
      stage.emulator.interceptors.length = 0;
      stage.emulator.world.set({ engineUpdate: { engines: { 'Agent 3': 'ok' } } });
      const again = await runMove(stage);
      expect(again).toMatchObject({ exitCode: 0, outputs: { to_register: '0', to_grant: '0', to_bind: '5' } });
      expect(bindings(stage, 5)).toEqual(Array(5).fill(NEW));
    }, 60_000);
  });

  it('because an engine cannot be unbound takes the others back with rollback', async () => {
    const stage = await set({ world: fleetWorld(3), config: MOVE });
    failing(stage, 'Agent 2', [null, outcome]);
    const result = await runMove(stage, { rollback: 'true' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    expect(bindings(stage, 3)).toEqual(Array(3).fill(OLD));
    expect(updatedTo(stage, NEW)).toEqual([]);
    const error = annotations(result.log, 'error').join('\n');
    expect(error).toContain('Unbinding engine "Agent 2"');
    expect(error).toContain(`Still as before: egress ${OLD}`);
    expect(result.log).toMatch(/"Agent 1" \(701\): not done, rolled back;/);
  }, 60_000);
});

it('an engine that is alone goes straight from one gateway to another without move: true', async () => {
  const stage = await set({ world: fleetWorld(1), config: WITHOUT_MOVE });
  expect(await runMove(stage)).toMatchObject({ exitCode: 0, outputs: { to_bind: '1' } });
  expect(updates(stage)).toEqual([[idOf('Agent 1'), NEW]]);
}, 60_000);

it('a move across projects registers and grants at the new gateway first', async () => {
  const hub = { id: 'acme-hub', number: '202020', organization: '5550001' };
  const there = 'projects/acme-hub/locations/us-central1/agentGateways/egress';
  const base = fleetWorld(2);
  const stage = await set({
    world: {
      ...base,
      projects: [...base.projects, hub],
      gateways: [...(base.gateways ?? []), { id: 'egress', path: 'egress', project: 'acme-hub' }],
      extensions: [{ id: 'iap-authz' }, { id: 'hub-authz', project: 'acme-hub' }],
      authzPolicies: [{ id: 'hub', project: 'acme-hub', gateways: ['egress'], extension: 'hub-authz' }],
    },
    config: MOVE.replace('egress: egress', `egress: ${there}`),
  });
  const result = await runMove(stage);
  expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
  const writes = stage.writes();
  const first = writes.findIndex(({ path }) => path.includes('/reasoningEngines/'));
  expect(writes.slice(0, first).map(({ path }) => /projects\/([^/]+)/.exec(path)?.[1])).toEqual(['acme-hub', '202020']);
  expect(writes.slice(first).map(egressIn)).toEqual([null, null, there, there]);
  expect(gatewayNamed('egress')).not.toBe(there);
}, 60_000);
