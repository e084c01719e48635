import { expect } from '@jest/globals';
import fc from 'fast-check';
import { hasChanges } from '../../../src/plan/plan.js';
import { anotherRun, look } from '../../support/apply.js';
import { caseArb, staged, type Case } from '../../support/arbitrary.js';
import { attempt, declaredIn } from '../../support/attempt.js';
import { expectClear } from '../../support/clear-failure.js';
import { harmDone } from '../../support/judge.js';
import { linesOf, snapshotOf } from '../../support/snapshot.js';
import { brew, companyArb, troublesArb, withForeign, type Trouble } from '../../support/weather.js';
import { nothingPlanted, type Plant } from './alone.js';

interface Times {
  /** How long an update of an engine takes. */
  readonly updateMs: number;
  /** Between the run and the one that heals. */
  readonly pauseMs: number;
}

const timesArb: fc.Arbitrary<Times> = fc.record({
  updateMs: fc.constantFrom(0, 150_000),
  pauseMs: fc.constantFrom(0, 10_000, 600_000),
});

/**
 * Something goes wrong again and again. Nothing of others is lost, not even what they write meanwhile; the run ends as
 * if nothing had happened, or says what failed; and running again ends as if nothing had happened.
 */
export const heals = (plant: Plant = nothingPlanted): fc.IAsyncPropertyWithHooks<[Case, readonly Trouble[], Times]> =>
  fc.asyncProperty(caseArb, troublesArb, timesArb, async ({ world, desired }, troubles, { updateMs, pauseMs }) => {
    const before = snapshotOf(staged(world));
    const runs = [await declaredIn(world, desired)];
    const calm = staged(world);
    expect(await attempt(calm, desired)).toEqual([]);

    const on = staged(world, updateMs);
    const foreign = brew(on, troubles, desired);
    const expectAsIfNothing = (): void =>
      expect(linesOf(snapshotOf(on))).toEqual(linesOf(withForeign(snapshotOf(calm), foreign)));
    const expectNoHarm = (): void =>
      expect(harmDone({ before: withForeign(before, foreign), after: snapshotOf(on), runs })).toEqual([]);

    let writesOfPlan: number | undefined;
    const failures = await attempt(on, desired, {
      google: plant(on, desired),
      meanwhile: () => (writesOfPlan = on.google.writes().length),
    });
    // A plan that failed was the end of the run.
    expect(writesOfPlan ?? on.google.writes().length).toBe(0);
    expectNoHarm();
    failures.forEach(expectClear);
    if (failures.length === 0) expectAsIfNothing();

    on.google.weather = () => 'pass';
    on.clock.advance(pauseMs);
    expect(await attempt(anotherRun(on), desired, { google: plant(on, desired) })).toEqual([]);
    expectNoHarm();
    expectAsIfNothing();
    expect(hasChanges((await look(on, desired)).plan)).toBe(false);
  });

/** Others write the same policies, engines and services all the time: the run gets through, and nothing is lost. */
export const sparesOthersWrites = (
  plant: Plant = nothingPlanted,
): fc.IAsyncPropertyWithHooks<[Case, readonly Trouble[]]> =>
  fc.asyncProperty(caseArb, companyArb, async ({ world, desired }, troubles) => {
    const runs = [await declaredIn(world, desired)];
    const on = staged(world);
    const foreign = brew(on, troubles, desired);
    const failures = await attempt(on, desired, { google: plant(on, desired) });
    const before = withForeign(snapshotOf(staged(world)), foreign);
    expect(harmDone({ before, after: snapshotOf(on), runs })).toEqual([]);
    expect(failures).toEqual([]);
  });

/** The run is cut off after any request: running again ends as if nothing had happened. */
export const survivesCut = (): fc.IAsyncPropertyWithHooks<[Case, number, number]> =>
  fc.asyncProperty(caseArb, fc.nat(60), fc.constantFrom(0, 150_000), async ({ world, desired }, calls, updateMs) => {
    const calm = staged(world);
    expect(await attempt(calm, desired)).toEqual([]);

    const on = staged(world, updateMs);
    on.google.cutAfter(calls);
    await attempt(on, desired);
    on.google.cutAfter(Infinity);
    expect(await attempt(anotherRun(on), desired)).toEqual([]);
    expect(linesOf(snapshotOf(on))).toEqual(linesOf(snapshotOf(calm)));
    expect(hasChanges((await look(on, desired)).plan)).toBe(false);
  });
