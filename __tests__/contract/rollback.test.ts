import type { ChildProcess } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  egressIn,
  failing,
  idOf,
  NEW,
  OLD,
  fleetWorld,
  progressOf,
  runMove,
  updates,
  WITHOUT_MOVE,
} from './support/moves.js';
import { useReviews, type Review } from './support/pull-request.js';
import type { StepResult } from './support/runner.js';
import { annotations, enginesOf, INGRESS, useStages, type Stage } from './support/stage.js';

const set = useStages();
const open = useReviews();
const ID = idOf('Agent 1');
const BEFORE = { egress: OLD, ingress: INGRESS };
const outcome = { code: 13, message: 'The container did not start.' };
/** One engine, which goes straight from one gateway to another. */
const lone = { world: fleetWorld(1), config: WITHOUT_MOVE };

/** The engine's next update to the new gateway ends well and leaves it without binding, others as well as they can. */
const comesOutNull = (stage: Stage): void => failing(stage, 'Agent 1', [NEW, 'null-binding']);

// Begun first and looked at last: the binding may show late, so these runs wait a while before they give up.
let reviewed: { review: Review; result: StepResult };
let withoutIt: { stage: Stage; result: StepResult };
let twice: { stage: Stage; result: StepResult };
beforeAll(async () => {
  const play = async (inputs: Record<string, string>, prepare: (stage: Stage) => void) => {
    const stage = await set(lone);
    prepare(stage);
    return { stage, result: await runMove(stage, inputs) };
  };
  const review = await open(lone);
  await review.run('plan');
  comesOutNull(review.stage);
  [reviewed, withoutIt, twice] = await Promise.all([
    review.run('apply', 'pull_request', { inputs: { rollback: 'true' } }).then((result) => ({ review, result })),
    play({}, comesOutNull),
    play({ rollback: 'true' }, (stage) => failing(stage, 'Agent 1', [NEW, 'null-binding'], [OLD, outcome])),
  ]);
}, 120_000);

describe('an engine that comes out null', () => {
  it('gets its previous binding back, and the job fails all the same for the first reason', () => {
    const { review, result } = reviewed;
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'not-bound' } });
    expect(review.stage.emulator.world.engine('Agent 1').binding).toEqual(BEFORE);
    expect(updates(review.stage)).toEqual([
      [ID, NEW],
      [ID, OLD],
    ]);
    expect(enginesOf(result)['Agent 1']).toMatchObject({ status: 'failed', ...BEFORE });
  });

  it('is said to have it back in the log, the annotation, the summary and the comment', () => {
    const { review, result } = reviewed;
    const text = `Rolled back to egress ${OLD}, ingress ${INGRESS}.`;
    expect(progressOf(result)).toContain(`Agent 1: rolling back to egress ${OLD}, ingress ${INGRESS}`);
    expect(progressOf(result)).toContain(`Agent 1: rolled back to egress ${OLD}, ingress ${INGRESS}`);
    expect(result.log).toMatch(/"Agent 1" \(701\): FAILED, rolled back; bound, not enforced: bound to another egress/);
    expect(annotations(result.log, 'error').join('\n')).toMatch(/is null\.\nRolled back to/);
    expect(result.summary).toContain(text);
    expect(result.summary).toMatch(/Agent 1.*\*\*failed\*\*, rolled back/);
    expect(review.body()).toContain(text);
    expect(review.body()).toMatch(/Still open[^]*Agent 1.*failed, rolled back/);
  });

  it('keeps the services and grants that were made for it', () => {
    const { world } = reviewed.review.stage.emulator;
    expect(world.service('ticket-system').data.interfaces).toHaveLength(1);
    expect(world.policy('service:ticket-system').bindings[0]?.members).toEqual([world.engine('Agent 1').principal]);
  });

  it('stays null without rollback', () => {
    const { stage, result } = withoutIt;
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'not-bound' } });
    expect(stage.emulator.world.engine('Agent 1').binding).toEqual({});
    expect(result.log.toLowerCase()).not.toContain('roll');
  });

  it('and cannot be bound to what it had either is said to be without', () => {
    const { stage, result } = twice;
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'not-bound' } });
    expect(stage.emulator.world.engine('Agent 1').binding).toEqual({});
    const error = annotations(result.log, 'error').join('\n');
    expect(error).toMatch(
      /is null\.\nThe roll-back of engine "Agent 1" .* failed: .*The container did not start\. It is now bound to no gateway\./,
    );
    expect(result.summary).toMatch(/Agent 1.*\*\*failed\*\*, roll-back FAILED/);
    expect(progressOf(result)).toContain('Agent 1: the roll-back FAILED');
  });
});

describe('an update that ends in an error', () => {
  it('and leaves the engine as it was is not followed by another one', async () => {
    const stage = await set(lone);
    failing(stage, 'Agent 1', [NEW, outcome]);
    const result = await runMove(stage, { rollback: 'true' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    expect(updates(stage)).toEqual([[ID, NEW]]);
    expect(stage.emulator.world.engine('Agent 1').binding).toEqual(BEFORE);
    expect(annotations(result.log, 'error').join('\n')).toContain(
      `Still as before: egress ${OLD}, ingress ${INGRESS}.`,
    );
    expect(result.log).toContain('move: true');
  });

  it('after the binding was lost is undone, with the direction that nobody declared', async () => {
    const stage = await set(lone);
    failing(stage, 'Agent 1', [NEW, outcome]);
    let isLost = false;
    stage.emulator.interceptors.push({
      after: (entry, response) => {
        // As by a deploy that resets the binding while the update fails.
        if (!isLost && entry.method === 'PATCH' && egressIn(entry) === NEW) stage.emulator.world.bind('Agent 1', null);
        isLost ||= egressIn(entry) === NEW;
        return response;
      },
    });
    const result = await runMove(stage, { rollback: 'true' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed' } });
    expect(stage.emulator.world.engine('Agent 1').binding).toEqual(BEFORE);
    expect(annotations(result.log, 'error').join('\n')).toContain(`Rolled back to egress ${OLD}, ingress ${INGRESS}.`);
  });
});

describe('nothing is rolled back', () => {
  it('when the update is refused: the engine is as it was', async () => {
    const denied = [{ permission: 'networkservices.agentGateways.use', resource: NEW }];
    const config = `${WITHOUT_MOVE}checks: {permission-missing: warning}\n`;
    const stage = await set({ world: fleetWorld(1, { denied }), config });
    const result = await runMove(stage, { rollback: 'true' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(updates(stage)).toEqual([]);
    expect(result.log).not.toMatch(/roll(ed|ing) back/i);
  });

  it.each(['cancelled', 'timeout'])('once the run is over: %s', async (reason) => {
    const stage = await set({ ...lone, settings: { operations: { engineUpdateMs: 3_600_000 } } });
    let child: ChildProcess | undefined;
    stage.emulator.interceptors.push({
      after: ({ method, path }, response) => {
        if (reason === 'cancelled' && method === 'PATCH' && path.endsWith(ID)) child?.kill('SIGTERM');
        return response;
      },
    });
    const inputs = { rollback: 'true', ...(reason === 'timeout' ? { timeout: '0.06' } : {}) };
    const result = await runMove(stage, inputs, (started) => (child = started));
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: reason } });
    expect(updates(stage)).toHaveLength(1);
    expect(annotations(result.log, 'error').join('\n')).toContain(
      'Not rolled back: nothing new is begun once a run is over.',
    );
    expect(result.log).toMatch(/"Agent 1" \(701\): to do, not rolled back;/);
  });
});
