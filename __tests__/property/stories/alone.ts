import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Google } from '../../../src/google/index.js';
import type { Desired } from '../../../src/config/desired.js';
import { hasChanges } from '../../../src/plan/plan.js';
import { look, type Stage } from '../../support/apply.js';
import { caseArb, staged, type Case } from '../../support/arbitrary.js';
import { attempt, declaredIn } from '../../support/attempt.js';
import { harmDone, notReached } from '../../support/judge.js';
import { notPruned } from '../../support/judge-prune.js';
import { snapshotOf } from '../../support/snapshot.js';

/** Clients that a run gets instead of those of its stage: how a bug is planted. */
export type Plant = (on: Stage, desired: Desired) => Google;

export const nothingPlanted: Plant = ({ google }) => google;

type Property = fc.IAsyncPropertyWithHooks<[Case, boolean]>;

/** A registry that takes a URL twice shows a run that would rely on its refusal. */
const story = (plant: Plant, end: (on: Stage, given: Case, failures: readonly unknown[]) => Promise<void>): Property =>
  fc.asyncProperty(caseArb, fc.boolean(), async (given, isStrict) => {
    const on = staged(given.world);
    on.google.registry.refusesTakenUrls = isStrict;
    await end(on, given, await attempt(on, given.desired, { google: plant(on, given.desired) }));
  });

/** Nothing of others is lost, whether the run says that it went well or not. */
export const leavesOthersAlone = (plant: Plant = nothingPlanted): Property =>
  story(plant, async (on, { world, desired }) => {
    const runs = [await declaredIn(world, desired)];
    expect(harmDone({ before: snapshotOf(staged(world)), after: snapshotOf(on), runs })).toEqual([]);
  });

/** The run ends well, all is as declared, and a second plan is empty. */
export const converges = (plant: Plant = nothingPlanted): Property =>
  story(plant, async (on, { world, desired }, failures) => {
    expect(failures).toEqual([]);
    const declared = await declaredIn(world, desired);
    expect(notReached(snapshotOf(on), declared)).toEqual([]);
    expect(notPruned(snapshotOf(on), declared)).toEqual([]);
    expect(hasChanges((await look(on, desired)).plan)).toBe(false);
  });
