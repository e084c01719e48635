import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isChange, isRemoval, type Change, type Plan } from '../../src/plan/types.js';
import { caseArb, staged, type World } from '../support/arbitrary.js';
import { look } from '../support/apply.js';
import { attempt } from '../support/attempt.js';
import { linesOf, snapshotOf } from '../support/snapshot.js';
import { RUNS } from './stories/runs.js';

/** A shuffle that depends on nothing but the seed. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed + 1;
  const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return items
    .map((item) => ({ item, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

/** The same world as an API may list it another time. */
function relisted({ engines, services, policies }: World, seed: number): World {
  const entries = Object.entries(policies).map(([id, bindings]) => [
    id,
    shuffled(bindings, seed).map((item) => ({ ...item, members: shuffled(item.members ?? [], seed) })),
  ]);
  return {
    engines: shuffled(engines, seed),
    services: shuffled(services, seed).map((item) => ({ ...item, interfaces: shuffled(item.interfaces ?? [], seed) })),
    policies: Object.fromEntries(entries) as World['policies'],
  };
}

const stays = (change: Change): boolean => !isRemoval(change);
const count = ({ changes }: Plan, layer: string, of: (change: Change) => boolean = () => true): number =>
  changes.filter((change) => change.layer === layer && isChange(change) && of(change)).length;

describe('a plan, for any world and config', () => {
  it('is made, and reading for it writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async ({ world, desired }) => {
        const on = staged(world);
        const { plan } = await look(on, desired);
        // Two keys may list a host and an engine be allowed the wrong one, and engines of others be bound elsewhere.
        const known = ['endpoint-overlap', 'gateway-conflict'];
        const errors = plan.checks.filter(({ id, level }) => level === 'error' && !known.includes(id));
        expect(errors).toEqual([]);
        expect(on.google.writes()).toEqual([]);
      }),
      RUNS,
    );
  });

  it('does not depend on the order in which Google lists anything', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, fc.nat(1_000_000), async ({ world, desired }, seed) => {
        const [on, relistedOn] = [staged(world), staged(relisted(world, seed))];
        const { plan } = await look(on, desired);
        const again = await look(relistedOn, desired);
        expect(again.plan).toEqual(plan);
        // Nor does what comes of it.
        await Promise.all([attempt(on, desired), attempt(relistedOn, desired)]);
        expect(linesOf(snapshotOf(relistedOn))).toEqual(linesOf(snapshotOf(on)));
      }),
      RUNS,
    );
  });

  it('counts what it does', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async ({ world, desired }) => {
        const { plan } = await look(staged(world), desired);
        expect(plan.summary).toEqual({
          register: count(plan, 'endpoint', stays),
          grant: count(plan, 'grant', stays),
          bind: count(plan, 'binding'),
          remove: count(plan, 'endpoint', isRemoval) + count(plan, 'grant', isRemoval),
        });
      }),
      RUNS,
    );
  });

  it('holds no etag, and survives a plan file', async () => {
    await fc.assert(
      fc.asyncProperty(caseArb, async ({ world, desired }) => {
        const { plan } = await look(staged(world), desired);
        expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
        expect(JSON.stringify(plan)).not.toContain('etag');
      }),
      RUNS,
    );
  });
});
