import { beforeAll, describe, expect, it } from '@jest/globals';
import { plainText } from './support/day-two.js';
import {
  agents,
  bindings,
  egressIn,
  FAST_QUOTA,
  fleetWorld,
  gatewayNamed,
  idOf,
  MOVE,
  NEW,
  OLD,
  progressOf,
  runMove,
  slotFor,
  SUBJECT,
  TAKEN,
  updatedTo,
  updates,
  WITHOUT_MOVE,
} from './support/moves.js';
import { type StepResult } from './support/runner.js';
import { annotations, enginesOf, INGRESS, useStages, type Stage } from './support/stage.js';

const set = useStages();
const ALL = agents(12).map(idOf).sort();

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
      `${SUBJECT}: unbinding 12 engines first`,
      `${SUBJECT}: binding one engine, to see whether the slot is free`,
      `${SUBJECT}: the slot is free, 11 more to bind`,
    ]);
    const summary = plainText(result.summary);
    for (const name of agents(12)) {
      expect(result.log).toContain(`"${name}" (${idOf(name)}): changed in this run; governed`);
      expect(summary).toContain(
        `| ~ move | ${name} ${idOf(name)} | old → **egress** | ingress | governed | changed in`,
      );
    }
  });

  it('has nothing left to do', async () => {
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    const before = stage.writes().length;
    expect(await runMove(stage)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(stage.writes()).toHaveLength(before);
  });
});

describe('a move is refused before anything is written', () => {
  const refused = async (stage: Stage, check: string, folders = ['apply']): Promise<StepResult> => {
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
    const { log, summary } = await refused(stage, 'gateway-conflict', ['plan', 'apply']);
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
  it.concurrent(
    'is waited for, with one engine after the other',
    async () => {
      const stage = await set({ world: fleetWorld(4), config: MOVE, settings: slotFor(3_000) });
      const result = await runMove(stage);
      expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
      expect(bindings(stage, 4)).toEqual(Array(4).fill(NEW));
      expect(result.log).toMatch(new RegExp(`Agent \\d: .*${TAKEN}; the slot may still be taken by the other gateway`));
      // What was tried while the slot was taken was tried with one engine at a time.
      expect(updatedTo(stage, NEW).length).toBeLessThan(4 * 3);
    },
    60_000,
  );

  it.concurrent(
    'and is told at once is waited for as well',
    async () => {
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
    },
    60_000,
  );

  it.concurrent(
    'ends the run with timeout, and says who has no gateway; the next run goes on',
    async () => {
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
    },
    60_000,
  );
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
