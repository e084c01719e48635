import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  agents,
  bindings,
  failing,
  fleetWorld,
  idOf,
  MOVE,
  NEW,
  OLD,
  progressOf,
  runMove,
  slotFor,
  SUBJECT,
  updatedTo,
  updates,
} from './support/moves.js';
import { type StepResult } from './support/runner.js';
import { annotations, enginesOf, INGRESS, useStages, type Stage } from './support/stage.js';

const set = useStages();

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
      expect(error).toContain(`- bound to egress gateway ${NEW}: 4 engines`);
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
        `${SUBJECT}: unbinding 5 engines first`,
        'Agent 3: FAILED',
        `${SUBJECT}: FAILED, rolling back 5 engines`,
        `Agent 1: rolled back to egress ${OLD}, ingress ${INGRESS}`,
      ].map(at);
      expect(points).not.toContain(-1);
      expect([...points].sort((a, b) => a - b)).toEqual(points);
    });

    it('and in what is left of it: annotation, summary and the line of each engine', () => {
      const error = annotations(result.log, 'error').join('\n');
      expect(error).toContain('The container did not start.');
      expect(error).toContain(`Rolled back to egress ${OLD}, ingress ${INGRESS}.`);
      expect(error).toContain(`${SUBJECT} was rolled back: every one of 5 engines is bound as it was before.`);
      expect(result.summary).toContain('was rolled back');
      expect(result.summary).toMatch(/Agent 2.*to do, rolled back/);
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
    expect(result.log).toMatch(/"Agent 1" \(701\): to do, rolled back;/);
  }, 60_000);
});
