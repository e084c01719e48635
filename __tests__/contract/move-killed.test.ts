import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  agents,
  bindings,
  fleetWorld,
  idOf,
  killedAt,
  MOVE,
  NEW,
  runMove,
  slotFor,
  TAKEN,
  updatedTo,
  updates,
  WITHOUT_MOVE,
  type Moment,
} from './support/moves.js';
import { type StepResult } from './support/runner.js';
import { INGRESS, useStages, type Stage } from './support/stage.js';

const set = useStages();
const ALL = agents(12).map(idOf).sort();

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
