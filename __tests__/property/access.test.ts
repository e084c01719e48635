import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Desired } from '../../src/config/desired.js';
import { hasChanges } from '../../src/plan/plan.js';
import { anotherRun, clientsOf, look, type Stage } from '../support/apply.js';
import { foreignRule } from '../support/access.js';
import {
  accessDesiredArb,
  accessWorldArb,
  declaredPairs,
  foreignRules,
  letIn,
  otherDesiredArb,
  stagedAccess,
  type AccessWorld,
} from '../support/access-worlds.js';
import { FILE, memberOf } from '../support/builders.js';
import { GONE_IDS, OTHER_FILE } from '../support/arbitrary.js';
import { ACCESS_POLICY } from '../support/google-access.js';
import { attempt } from '../support/attempt.js';
import { expectClear } from '../support/clear-failure.js';
import { nothingPlanted, type Plant } from './stories/alone.js';
import { RUNS } from './stories/runs.js';

const caseArb = fc.tuple(accessWorldArb, accessDesiredArb);
const BOTH = [FILE, OTHER_FILE];

/** Rules of a run without conflicts: added in one write, taken out in another. */
const writes = (on: Stage): string[] =>
  on.google.writes().flatMap(({ method }) => (method.startsWith('accesspolicies.') ? [method.slice(15)] : []));

const isUsual = ({ google }: Stage): boolean =>
  [...google.access.policies.keys()].every((name) => name === ACCESS_POLICY);

async function expectReached(on: Stage, config: Desired): Promise<void> {
  expect(letIn(on, config.config ?? '')).toEqual(expect.arrayContaining(declaredPairs(config)));
  expect(hasChanges((await look(on, config)).plan)).toBe(false);
}

/** Whom a run takes out, and nobody else: whom it does not declare, as far as it speaks for the config. */
function expectPruned(before: readonly string[], after: readonly string[], config: Desired): void {
  const wanted = declaredPairs(config);
  if (config.prune && config.only === undefined) {
    expect(after).toEqual(wanted);
    return;
  }
  const gone = new Set(config.prune ? GONE_IDS.map(memberOf) : []);
  const own = new Set(config.only?.flatMap((selector) => (selector.kind === 'id' ? [memberOf(selector.id)] : [])));
  const stays = before.filter((pair) => {
    const member = pair.split(' ')[1] ?? '';
    return !config.prune || (!gone.has(member) && !own.has(member));
  });
  expect(after).toEqual(expect.arrayContaining(stays.filter((pair) => !pair.includes('deleted:'))));
}

const converges = (plant: Plant = nothingPlanted): fc.IAsyncPropertyWithHooks<[[AccessWorld, Desired]]> =>
  fc.asyncProperty(caseArb, async ([world, config]) => {
    const on = stagedAccess(world);
    const [before, foreign] = [letIn(on, FILE), foreignRules(on, [FILE])];
    expect(await attempt(on, config, { google: plant(on, config) })).toEqual([]);
    expect(foreignRules(on, [FILE])).toEqual(foreign);
    await expectReached(on, config);
    expectPruned(before, letIn(on, FILE), config);
  });

describe('access rules, for any policy and config', () => {
  it('let in whom the config declares, leave those of others as they are, and a second plan is empty', async () => {
    await fc.assert(converges(), RUNS);
  });

  it('are written once for adding and once for taking away, and a plan without changes costs two reads', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async ([world, config]) => {
        const on = stagedAccess({ ...world, replicationMs: 0 });
        const { plan } = await look(on, config);
        await attempt(on, config);
        const done = writes(on);
        const isAdded = plan.summary.grant > 0;
        expect(done.filter((method) => /^(?:create|patch)Policy$/.test(method)).length).toBeLessThanOrEqual(
          (isAdded ? 1 : 0) + (config.prune ? 1 : 0),
        );
        expect(done.filter((method) => method === 'createBinding').length).toBeLessThanOrEqual(1);
        on.google.calls.length = 0;
        await look(on, config);
        // Where nothing could be written or taken away nobody asks; a policy with another ID is found by its binding.
        const reads = [2 + (isUsual(on) ? 0 : 1), ...(declaredPairs(config).length > 0 ? [] : [0])];
        expect(reads).toContain(on.google.called('accesspolicies.').length);
      }),
      RUNS,
    );
  });

  it('of two configs that run at the same time are all there, and those of others, too', async () => {
    await fc.assert(together(), RUNS);
  });

  it('are as they would have been when a run is cut off at any request and another one follows', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, fc.nat(60), async ([world, config], calls) => {
        const calm = stagedAccess(world);
        expect(await attempt(calm, config)).toEqual([]);
        const on = stagedAccess(world);
        const [before, foreign] = [letIn(on, FILE), foreignRules(on, [FILE])];
        const kept = declaredPairs(config).filter((pair) => before.includes(pair));
        on.google.cutAfter(calls);
        await attempt(on, config);
        on.google.cutAfter(Infinity);
        // Nobody who stays loses anything on the way.
        expect(letIn(on, FILE)).toEqual(expect.arrayContaining(kept));
        await on.clock.sleep(600_000);
        expect(await attempt(anotherRun(on), config)).toEqual([]);
        expect(foreignRules(on, [FILE])).toEqual(foreign);
        expect(letIn(on, FILE)).toEqual(letIn(calm, FILE));
        await expectReached(on, config);
      }),
      RUNS,
    );
  });

  it('keep what others write between a read and a write', async () => {
    await fc.assert(company(), RUNS);
  });
});

function together(plant: Plant = nothingPlanted): fc.IAsyncPropertyWithHooks<[AccessWorld, Desired, Desired, number]> {
  return fc.asyncProperty(
    accessWorldArb,
    accessDesiredArb,
    otherDesiredArb,
    fc.nat(1_000_000),
    async (world, first, second, seed) => {
      const on = stagedAccess(world);
      const foreign = foreignRules(on, BOTH);
      let state = seed + 1;
      const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
      on.google.latency = () => Math.ceil(random() * 250);
      const other = anotherRun(on);
      const ended = await Promise.all([
        attempt(on, first, { google: plant(on, first) }),
        attempt(other, second, { google: plant(other, second) }),
      ]);
      ended.flat().forEach(expectClear);
      on.google.latency = () => 0;
      // With the last rule of a policy the policy goes, and the others' rules come in a new one.
      expect(foreignRules(on, BOTH)).toEqual(foreign);
      for (const [index, config] of [first, second].entries()) {
        if (ended[index]?.length !== 0) continue;
        expect(letIn(on, config.config ?? '')).toEqual(expect.arrayContaining(declaredPairs(config)));
      }
      for (const config of [first, second, first]) {
        await on.clock.sleep(60_000);
        expect(await attempt(anotherRun(on), config)).toEqual([]);
      }
      await expectReached(on, first);
      await expectReached(on, second);
    },
  );
}

/** Somebody else adds a rule right before each of the first writes. */
function company(plant: Plant = nothingPlanted): fc.IAsyncPropertyWithHooks<[[AccessWorld, Desired], number]> {
  return fc.asyncProperty(caseArb, fc.integer({ min: 1, max: 3 }), async ([world, config], times) => {
    const on = stagedAccess(world);
    const foreign = foreignRules(on, [FILE]);
    const written: string[] = [];
    on.google.weather = ({ method, resource }) => {
      if (method !== 'accesspolicies.patchPolicy' || written.length >= times) return 'pass';
      return () => {
        const added = { ...foreignRule('alpha'), description: `meanwhile ${written.length}` };
        written.push(JSON.stringify(added));
        const { details, annotations = {} } = on.google.access.policies.get(resource) ?? {};
        on.google.access.put(resource, { details: { rules: [...(details?.rules ?? []), added] }, annotations });
      };
    };
    expect(await attempt(on, config, { google: plant(on, config) })).toEqual([]);
    const now = foreignRules(on, [FILE]);
    expect(now.filter((line) => !written.includes(line))).toEqual(foreign);
    expect(now.filter((line) => written.includes(line))).toEqual(written);
    await expectReached(on, config);
  });
}

describe('a planted bug in writing rules is found', () => {
  /** Whatever is there is written over. */
  const blindly: Plant = (on) => {
    const { accesspolicies } = on.google;
    return clientsOf(on, {
      accesspolicies: {
        ...accesspolicies,
        patchPolicy: (policy) => {
          const etag = on.google.access.policies.get(policy.name)?.etag;
          return accesspolicies.patchPolicy({ ...policy, ...(etag === undefined ? {} : { etag }) });
        },
      },
    });
  };
  /** The rules of others are not sent along. */
  const alone: Plant = (on) => {
    const { accesspolicies } = on.google;
    return clientsOf(on, {
      accesspolicies: {
        ...accesspolicies,
        patchPolicy: (policy) => {
          const rules = (policy.details?.rules ?? []).filter(({ description = '' }) => description.includes(FILE));
          return accesspolicies.patchPolicy({ ...policy, details: { rules } });
        },
      },
    });
  };

  it.each([
    ['a blind write', company, blindly],
    ['rules of others that are left out', converges, alone],
  ])('%s', async (_what, property, plant) => {
    const { failed } = await fc.check<unknown[]>(property(plant), { numRuns: 1_000, endOnFailure: true });
    expect(failed).toBe(true);
  });
});
