import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Desired } from '../../../src/config/desired.js';
import type { Failure } from '../../../src/failure.js';
import { hasChanges } from '../../../src/plan/plan.js';
import { anotherRun, look, type Stage } from '../../support/apply.js';
import { ENGINE_IDS, staged, type World } from '../../support/arbitrary.js';
import { attempt, declaredIn, declaredOn } from '../../support/attempt.js';
import { expectClear } from '../../support/clear-failure.js';
import { harmDone, notReached, selectedIds, wantedGateway } from '../../support/judge.js';
import { pairArb, sharedArb, type Pair } from '../../support/pairs.js';
import { snapshotOf } from '../../support/snapshot.js';
import { nothingPlanted, type Plant } from './alone.js';

/** When what happens. The seed decides how long each request and each answer is on its way, and each pause. */
interface Timing {
  readonly seed: number;
  /** Longest way of a request or an answer, in milliseconds. */
  readonly latencyMs: number;
  readonly updateMs: number;
  readonly propagationWaitMs: number;
  /** How much later the second run begins. */
  readonly laterMs: number;
}

/**
 * A service has no etag: what a run writes over is found when the other one looks again. A short run looks again half a
 * second after its write at the earliest, so no request and answer together take longer here.
 */
const timingArb: fc.Arbitrary<Timing> = fc.record({
  seed: fc.nat(1_000_000),
  latencyMs: fc.constantFrom(20, 100, 250),
  updateMs: fc.constantFrom(0, 1_000, 150_000),
  propagationWaitMs: fc.constantFrom(0, 120_000),
  laterMs: fc.constantFrom(0, 0, 100, 1_000, 100_000),
});

/** Every engine is bound anew, which gives each run the time to look again. */
const slowArb: fc.Arbitrary<Timing> = fc.record({
  seed: fc.nat(1_000_000),
  latencyMs: fc.constant(3_000),
  updateMs: fc.constant(60_000),
  propagationWaitMs: fc.constant(0),
  laterMs: fc.constantFrom(0, 500),
});

/**
 * Two runs on one scope at the same time. Nothing of others is lost; a run that says that it went well has what it
 * declares, except where the other one declares something else; and when both have run again, one after the other, all
 * that they agree on is as declared.
 */
export const bothCount = (plant: Plant = nothingPlanted): fc.IAsyncPropertyWithHooks<[Pair, Timing]> =>
  fc.asyncProperty(pairArb, timingArb, async (pair, timing) => {
    const on = await expectBothCount(pair, timing, plant);
    // Twice, since what the second one registers may be what an engine of the first one had to do without.
    for (const desired of [pair.first, pair.second, pair.first, pair.second]) {
      expect(await attempt(anotherRun(on), desired)).toEqual([]);
    }
    expect(hasChanges((await look(on, pair.second)).plan)).toBe(false);
    if (agree(pair)) expect(hasChanges((await look(on, pair.first)).plan)).toBe(false);
  });

/** Two runs that add hosts to one service of somebody else, over a slow network. */
export const bothAreIn = (plant: Plant = nothingPlanted): fc.IAsyncPropertyWithHooks<[Pair, Timing]> =>
  fc.asyncProperty(sharedArb, slowArb, async (pair, timing) => {
    await expectBothCount(pair, timing, plant);
  });

async function expectBothCount(pair: Pair, timing: Timing, plant: Plant): Promise<Stage> {
  const { world, first, second } = pair;
  const runs = await Promise.all([declaredIn(world, first), declaredIn(world, second)]);
  const on = stagedWith(world, timing);
  const start = (run: Stage, desired: Desired): Promise<readonly Failure[]> =>
    attempt(run, desired, { google: plant(run, desired), propagationWaitMs: timing.propagationWaitMs });
  const later = async (): Promise<readonly Failure[]> => {
    await on.clock.sleep(timing.laterMs);
    const other = anotherRun(on);
    return start({ ...other, deps: { ...other.deps, random: () => on.deps.random() } }, second);
  };
  const ended = await Promise.all([start(on, first), later()]);
  ended.flat().forEach(expectClear);

  on.google.latency = () => 0;
  const [before, after] = [snapshotOf(staged(world)), snapshotOf(on)];
  const asked = await Promise.all(runs.map(({ desired }) => declaredOn(on, desired)));
  expect(harmDone({ before, after, runs: [...runs, ...asked] })).toEqual([]);
  const missing = runs.flatMap((run, index) =>
    ended[index]?.length === 0 ? notReached(after, run, runs.toSpliced(index, 1)) : [],
  );
  expect(missing).toEqual([]);
  return on;
}

function stagedWith(world: World, { seed, latencyMs, updateMs }: Timing): Stage {
  const on = staged(world, updateMs);
  let state = seed + 1;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  on.google.latency = () => Math.ceil(random() * latencyMs);
  return { ...on, deps: { ...on.deps, random } };
}

/**
 * Two versions of one file take turns at its services, and two files at the grants of an engine that both declare, when one of them
 * takes away what it does not declare; otherwise only gateways can be declared in two ways.
 */
function agree({ kin, first, second }: Pair): boolean {
  const shared = selectedIds(first).filter((id) => selectedIds(second).includes(id));
  const takesTurns = kin === 'other file' && shared.length > 0 && (first.prune || second.prune);
  return (
    kin !== 'other version' &&
    !takesTurns &&
    ENGINE_IDS.every((id) =>
      (['egress', 'ingress'] as const).every((direction) => {
        const wanted = [first, second].flatMap((desired) => wantedGateway(desired, id, direction) ?? []);
        return new Set(wanted).size <= 1;
      }),
    )
  );
}
