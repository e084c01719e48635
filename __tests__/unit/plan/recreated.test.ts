import { describe, expect, it } from '@jest/globals';
import type { Desired, EngineSelector } from '../../../src/config/desired.js';
import type { IamPolicy } from '../../../src/google/types.js';
import type { Observed } from '../../../src/observe/observed.js';
import { planDifference } from '../../../src/plan/difference.js';
import { bindingChanges, grantChanges, type Plan } from '../../../src/plan/types.js';
import {
  desired,
  endpoint,
  engineNamed,
  fromFile,
  gateway,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  type AllowedEngine,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';

const KEYS = ['alpha', 'beta'] as const;
const named = (text: string): EngineSelector => ({ kind: 'displayName', text, origin: fromFile() });
const want = (...selectors: readonly EngineSelector[]): Desired =>
  desired({
    gateways: { egress: gateway('egress') },
    endpoints: KEYS.map((key) => endpoint(key, [`${key}.example`])),
    agents: selectors.map((selector) => ({ selector, allow: [] })),
  });
const engine = (id: string, allow: readonly string[], createTime?: string): AllowedEngine => {
  const { resource, ...rest } = observedEngine(id, { allow, displayName: `Agent ${id}` });
  return { ...rest, resource: { ...resource, ...(createTime === undefined ? {} : { createTime }) } };
};
const world = (engines: readonly AllowedEngine[], members: Readonly<Record<string, readonly string[]>>): Observed =>
  observed({
    engines,
    services: KEYS.map((key) => ownedService(key, [`${key}.example`], { createTime: '2026-07-01T00:00:00Z' })),
    policies: Object.fromEntries(
      Object.entries(members).map(([id, ids]): [string, IamPolicy] => [id, policyOf(ids.map(memberOf))]),
    ),
  });
/** `new ID <- former IDs` */
const outline = (plan: Plan): string[] =>
  bindingChanges(plan).flatMap(({ engine: name, recreatedFrom }) =>
    recreatedFrom ? [`${idOf(name)} <- ${recreatedFrom.map(idOf).join(' ')}`] : [],
  );
const idOf = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
const all = want(...['1', '2', '3'].map((id) => named(`Agent ${id}`)));

describe('an engine that came back under another ID', () => {
  it('is recognised by what the gone one is granted', () => {
    const plan = planned(all, world([engine('1', ['alpha', 'beta'])], { alpha: ['91'], beta: ['91'] }));
    expect(outline(plan)).toEqual(['1 <- 91']);
    expect(grantChanges(plan)).toMatchObject([
      { action: 'create', key: 'alpha', member: memberOf('1'), replaces: [memberOf('91')] },
      { action: 'create', key: 'beta', member: memberOf('1'), replaces: [memberOf('91')] },
    ]);
    expect(bindingChanges(plan)).toMatchObject([{ action: 'create', recreatedFrom: [engineNamed('91')] }]);
  });

  it('has its former grants replaced with prune', () => {
    const plan = planned({ ...all, prune: true }, world([engine('1', ['alpha'])], { alpha: ['91'] }));
    expect(grantChanges(plan)).toMatchObject([
      { action: 'create', replaces: [memberOf('91')] },
      { action: 'remove', why: 'engine-gone', member: memberOf('91'), replacedBy: engineNamed('1') },
    ]);
  });

  it('can be one of several that are gone', () => {
    const plan = planned({ ...all, prune: true }, world([engine('1', ['alpha'])], { alpha: ['91', '92'] }));
    expect(outline(plan)).toEqual(['1 <- 91 92']);
    expect(grantChanges(plan).filter(({ replacedBy }) => replacedBy !== undefined)).toEqual([]);
  });

  it('is recognised next to others that came back with the same grants', () => {
    const plan = planned(all, world([engine('1', ['alpha']), engine('2', ['alpha'])], { alpha: ['91', '92'] }));
    expect(outline(plan)).toEqual(['1 <- 91 92', '2 <- 91 92']);
  });

  it('is recognised next to engines that have their grants', () => {
    const plan = planned(all, world([engine('1', ['alpha']), engine('2', ['alpha'])], { alpha: ['91', '2'] }));
    expect(outline(plan)).toEqual(['1 <- 91']);
  });

  it('is recognised where it gets more than the gone one had', () => {
    const plan = planned(all, world([engine('1', ['alpha', 'beta'])], { alpha: ['91'] }));
    expect(outline(plan)).toEqual(['1 <- 91']);
    expect(grantChanges(plan).map(({ replaces }) => replaces)).toEqual([[memberOf('91')], undefined]);
  });

  it('prefers the one with just the same grants', () => {
    const plan = planned(
      all,
      world([engine('1', ['alpha', 'beta']), engine('2', ['alpha'])], { alpha: ['91', '92'], beta: ['91'] }),
    );
    expect(outline(plan)).toEqual(['1 <- 91', '2 <- 92']);
  });

  it('may have digits for a name', () => {
    const seen = world([{ ...engine('1', ['alpha']), displayName: '2026' }], { alpha: ['91'] });
    const digits: EngineSelector = { kind: 'id', id: '2026', text: '2026', origin: fromFile() };
    expect(outline(planned(want(digits), seen))).toEqual(['1 <- 91']);
  });

  it('changes nothing that is granted or bound', () => {
    const seen = world([engine('1', ['alpha'])], { alpha: ['91'] });
    const unnamed = want({ kind: 'id', id: '1', text: '1', origin: fromFile() });
    const strip = ({ changes }: Plan): unknown =>
      JSON.parse(
        JSON.stringify(changes, (key, value: unknown) =>
          ['replaces', 'recreatedFrom'].includes(key) ? undefined : value,
        ),
      );
    expect(strip(planned(all, seen))).toEqual(strip(planned(unnamed, seen)));
    expect(planned(all, seen).summary).toEqual(planned(unnamed, seen).summary);
  });

  it('shows in the difference of two plans', () => {
    const seen = world([engine('1', ['alpha'])], { alpha: ['91'] });
    const lines = planDifference(planned(all, world([engine('1', ['alpha'])], {})), planned(all, seen));
    expect(lines.filter((line) => line.includes('recreated'))).toEqual([
      expect.stringContaining(`, recreated, was ${engineNamed('91')}`),
      expect.stringContaining(`, recreated, was ${memberOf('91')}`),
    ]);
  });
});

describe('an engine is new, as far as anybody can say', () => {
  it.each<[string, Desired, Observed]>([
    ['without somebody who is gone', all, world([engine('1', ['alpha'])], { alpha: [] })],
    ['when more are new than gone', all, world([engine('1', ['alpha']), engine('2', ['alpha'])], { alpha: ['91'] })],
    [
      'when two could have got more',
      all,
      world([engine('1', ['alpha', 'beta']), engine('2', ['alpha', 'beta'])], { alpha: ['91'] }),
    ],
    ['when the gone one had something else', all, world([engine('1', ['alpha'])], { beta: ['91'] })],
    ['when the gone one had more', all, world([engine('1', ['alpha'])], { alpha: ['91'], beta: ['91'] })],
    ['when it has a grant already', all, world([engine('1', ['alpha', 'beta'])], { alpha: ['91', '1'], beta: ['91'] })],
    [
      'when it is older than the endpoint',
      all,
      world([engine('1', ['alpha'], '2026-06-01T00:00:00Z')], { alpha: ['91'] }),
    ],
    [
      'when it is not selected by its name',
      want({ kind: 'all', origin: fromFile() }),
      world([engine('1', ['alpha'])], { alpha: ['91'] }),
    ],
  ])('%s', (_when, wanted, seen) => {
    expect(outline(planned(wanted, seen))).toEqual([]);
  });

  it('is no older than an endpoint that was made before it', () => {
    const seen = world([engine('1', ['alpha'], '2026-09-01T00:00:00Z')], { alpha: ['91'] });
    expect(outline(planned(all, seen))).toEqual(['1 <- 91']);
  });
});
