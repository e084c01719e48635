import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { IamBinding, IamPolicy } from '../../../src/google/types.js';
import type { Observed } from '../../../src/observe/observed.js';
import { grantChanges } from '../../../src/plan/types.js';
import {
  agent,
  desired,
  EGRESSOR,
  endpoint,
  engineNamed,
  fromFile,
  markOf,
  memberOf,
  observed,
  observedEngine,
  OTHER_PROJECT,
  ownedService,
  policyOf,
  PROJECT,
  REGION,
  service,
  type ObservedParts,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { without } from '../../support/without.js';

const stripe = endpoint('stripe', ['api.stripe.com']);
const models = endpoint('models', ['models.example']);
const want = (more: Partial<Desired> = {}): Desired => desired({ endpoints: [stripe], prune: true, ...more });
const ENGINES = [observedEngine('1', { allow: ['stripe'] }), observedEngine('2')];
const SERVICES = [ownedService('stripe', ['api.stripe.com'])];
const memberIn = (project: string, region = REGION, id = '404'): string =>
  `principal://agents.global.org-5550001.system.id.goog/resources/aiplatform/projects/${project}/locations/${region}/reasoningEngines/${id}`;

const world = (policy: IamPolicy, more: ObservedParts = {}): Observed =>
  observed({
    engines: ENGINES,
    services: SERVICES,
    policies: { stripe: policy },
    gone: new Set(['404', '405']),
    ...more,
  });
const egressor = (...members: string[]): IamBinding => ({ role: EGRESSOR, members });
const withBindings = (...bindings: IamBinding[]): IamPolicy => ({ version: 3, etag: 'e1', bindings });

/** What a plan takes away, `why member`, and what it says it leaves. */
const removed = (wanted: Desired, seen: Observed): string[] =>
  grantChanges(planned(wanted, seen)).flatMap(({ action, why, member }) =>
    action === 'remove' ? [`${why ?? ''} ${member}`] : [],
  );
const notes = (wanted: Desired, seen: Observed): string[] =>
  planned(wanted, seen)
    .checks.filter(({ id }) => ['prunable', 'prune-kept'].includes(id))
    .map(({ id, level, message }) => `${id} ${level}: ${message}`);

describe('prune takes away', () => {
  it('the members of engines of the project and region that are gone, and of engines that are not allowed the endpoint', () => {
    const seen = world(policyOf([memberOf('1'), memberOf('2'), memberOf('404')]));
    expect(removed(want(), seen)).toEqual([`not-allowed ${memberOf('2')}`, `engine-gone ${memberOf('404')}`]);
    expect(planned(want(), seen).summary).toEqual({ register: 0, grant: 0, bind: 0, remove: 2 });
  });

  it('says who that was', () => {
    const seen = world(policyOf([memberOf('1'), memberOf('2'), memberOf('404')]));
    const [revoked, left] = grantChanges(planned(want(), seen)).filter(({ action }) => action === 'remove');
    expect(revoked).toMatchObject({ key: 'stripe', engine: engineNamed('2'), displayName: 'agent 2', role: EGRESSOR });
    expect(left).toMatchObject({ key: 'stripe', engine: engineNamed('404') });
    expect(left).not.toHaveProperty('displayName');
  });

  it('a member once, whatever the number of keys that use the service', () => {
    const both = [stripe, endpoint('pay', ['api.stripe.com'])];
    const seen = world(policyOf([memberOf('1'), memberOf('404')]));
    expect(removed(want({ endpoints: both }), seen)).toEqual([`engine-gone ${memberOf('404')}`]);
  });

  it('nothing from an engine that another key of the service lets in', () => {
    const engines = [observedEngine('1', { allow: ['pay'] })];
    const both = [stripe, endpoint('pay', ['api.stripe.com'])];
    expect(removed(want({ endpoints: both }), world(policyOf([memberOf('1')]), { engines }))).toEqual([]);
  });

  it('the same from services of others', () => {
    const seen = world(policyOf([memberOf('1'), memberOf('2'), memberOf('404')]), {
      services: [service('stripe', ['api.stripe.com'])],
    });
    expect(removed(want(), seen)).toEqual([`not-allowed ${memberOf('2')}`, `engine-gone ${memberOf('404')}`]);
  });

  it('what IAM itself marks as deleted, as it is written there', () => {
    const marked = `deleted:${memberOf('404')}?uid=123`;
    expect(removed(want(), world(policyOf([memberOf('1'), marked])))).toEqual([`engine-gone ${marked}`]);
  });

  it('what has the project ID in it', () => {
    expect(removed(want(), world(policyOf([memberOf('1'), memberIn(PROJECT.id)])))).toEqual([
      `engine-gone ${memberIn(PROJECT.id)}`,
    ]);
  });
});

describe('prune never takes away', () => {
  it.each<[string, IamBinding]>([
    [
      'users, groups, sets and service accounts',
      egressor(
        'user:a@example.com',
        'group:b@example.com',
        'principalSet://x/*',
        'serviceAccount:c@p.iam.gserviceaccount.com',
        'allUsers',
      ),
    ],
    ['engines of another project', egressor(memberIn(OTHER_PROJECT.number))],
    ['engines of another region', egressor(memberIn(PROJECT.number, 'europe-west1'))],
    [
      'deleted identities of others',
      egressor('deleted:user:a@example.com?uid=1', `deleted:${memberIn('303030')}?uid=2`),
    ],
    ['members with a condition', { ...egressor(memberOf('404'), memberOf('2')), condition: { expression: 'true' } }],
    ['members of another role', { role: 'roles/iap.admin', members: [memberOf('404'), memberOf('2')] }],
    [
      'what only looks like an engine',
      egressor(
        'principal://agents.example/resources/aiplatform/projects/101010/locations/us-central1/reasoningEngines/404',
      ),
    ],
  ])('%s', (_who, binding) => {
    expect(removed(want(), world(withBindings(egressor(memberOf('1')), binding)))).toEqual([]);
  });

  it('an engine that the config does not declare, and names it', () => {
    const seen = world(policyOf([memberOf('1'), memberOf('3')]), { engineNames: ['1', '2', '3'].map(engineNamed) });
    expect(removed(want(), seen)).toEqual([]);
    expect(notes(want(), seen)).toEqual([
      expect.stringMatching(/^prune-kept note: .*services\/stripe grants .*\/3, .*the config does not declare them/),
    ]);
  });

  it('an engine that could not be asked for, and names it', () => {
    const seen = world(policyOf([memberOf('1'), memberOf('406')]));
    expect(removed(want(), seen)).toEqual([]);
    expect(notes(want(), seen)).toEqual([
      expect.stringMatching(/reasoningEngines\/406, .*may not ask whether it is gone/),
    ]);
  });

  it('a grant of a declared engine on a service that another config made, and names it', () => {
    const theirs = service('stripe', ['api.stripe.com'], { description: markOf('stripe', 'other.yaml') });
    const seen = world(policyOf([memberOf('1'), memberOf('2'), memberOf('404')]), { services: [theirs] });
    expect(removed(want(), seen)).toEqual([`engine-gone ${memberOf('404')}`]);
    expect(notes(want(), seen)).toEqual([expect.stringMatching(/"agent 2", .*another config made the service/)]);
  });

  it('who is to be carried over from the registry-wide policy', () => {
    const seen = world(policyOf([memberOf('1'), memberOf('2')]), { registryPolicy: policyOf([memberOf('2')]) });
    expect(removed(want(), seen)).toEqual([`not-allowed ${memberOf('2')}`]);
    expect(removed(want({ endpoints: [{ ...stripe, carryOver: true }] }), seen)).toEqual([]);
  });
});

describe('a run that does not speak for the whole config', () => {
  const seen = world(policyOf([memberOf('1'), memberOf('2'), memberOf('3'), memberOf('404')]), {
    engineNames: ['1', '2', '3'].map(engineNamed),
  });
  const gone = `engine-gone ${memberOf('404')}`;

  it('narrowed to some engines, takes away what these are not allowed, and says nothing of the others', () => {
    const narrowed = want({ agents: [agent('2', [])], only: [agent('2', []).selector] });
    expect(removed(narrowed, seen)).toEqual([`not-allowed ${memberOf('2')}`, gone]);
    expect(notes(narrowed, seen)).toEqual([]);
  });

  it('narrowed to some engines, takes away nothing of those that may use a preset: others of it may need more hosts', () => {
    const preset = endpoint('gemini', [], { presets: [{ name: 'gemini', origin: fromFile() }] });
    const agents = [agent('2', ['gemini']), agent('3', ['gemini'])];
    const full = want({ endpoints: [stripe, preset], agents });
    const both = world(policyOf([memberOf('2')]), { engines: [observedEngine('2', { allow: ['gemini'] })] });
    expect(removed(full, both)).toEqual([`not-allowed ${memberOf('2')}`]);
    expect(removed({ ...full, partial: true, only: [agent('2', []).selector] }, both)).toEqual([]);
  });

  it.each<[string, Partial<Desired>]>([
    ['with inputs alone', { config: undefined, partial: true, allowGiven: true }],
    ['whose allow comes from an input', { allowGiven: true }],
    ['whose engines come from an input and are in no file', { partial: true }],
  ])('%s takes away only what nobody can be any more', (_run, more) => {
    expect(removed(want(more), seen)).toEqual([gone]);
    expect(notes(want({ ...more, prune: false }), seen)).toEqual([]);
  });
});

describe('the last members of a policy', () => {
  const registryPolicy = policyOf(['group:everybody@example.com']);
  const nobody = [observedEngine('1'), observedEngine('2')];

  it('stay where the registry-wide policy would let others in: one that nobody can be will do', () => {
    const seen = world(policyOf([memberOf('2'), memberOf('404'), memberOf('405')]), {
      engines: nobody,
      registryPolicy,
    });
    expect(removed(want(), seen)).toEqual([`not-allowed ${memberOf('2')}`, `engine-gone ${memberOf('405')}`]);
    expect(notes(want(), seen)).toEqual([
      expect.stringMatching(/reasoningEngines\/404, .*an empty policy lets everybody in/),
    ]);
  });

  it('stay all, where every one of them is an engine that is there', () => {
    const seen = world(policyOf([memberOf('1'), memberOf('2')]), { engines: nobody, registryPolicy });
    expect(removed(want(), seen)).toEqual([]);
    expect(notes(want(), seen)).toEqual([expect.stringMatching(/"agent 1", "agent 2", and prune leaves that/)]);
  });

  it('stay where the registry-wide policy could not be read', () => {
    const seen = without(world(policyOf([memberOf('404')]), { engines: nobody }), 'registryPolicy');
    expect(removed(want(), seen)).toEqual([]);
  });

  it.each<[string, IamPolicy]>([
    ['lets nobody in', { etag: 'ACAB' }],
    ['lets in nobody who is there', policyOf([memberOf('404'), 'deleted:user:a@example.com?uid=1'])],
    ['has other roles alone', withBindings({ role: 'roles/iap.admin', members: ['user:a@example.com'] })],
  ])('go where the registry-wide policy %s', (_what, policy) => {
    const seen = world(policyOf([memberOf('404')]), { engines: nobody, registryPolicy: policy });
    expect(removed(want(), seen)).toEqual([`engine-gone ${memberOf('404')}`]);
  });

  it('are not the last where somebody has a condition', () => {
    const conditional = { ...egressor('user:a@example.com'), condition: { expression: 'true' } };
    const seen = world(withBindings(egressor(memberOf('404')), conditional), { engines: nobody, registryPolicy });
    expect(removed(want(), seen)).toEqual([`engine-gone ${memberOf('404')}`]);
  });

  it('are not the last where the plan grants it to somebody', () => {
    const seen = world(policyOf([memberOf('404')]), { registryPolicy });
    expect(removed(want(), seen)).toEqual([`engine-gone ${memberOf('404')}`]);
  });
});

describe('without prune', () => {
  const seen = without(world(policyOf([memberOf('1'), memberOf('2'), memberOf('404')])), 'gone');

  it('nothing is taken away, and the plan lists what would be', () => {
    const plan = planned(want({ prune: false }), seen);
    expect(plan.summary.remove).toBe(0);
    expect(removed(want({ prune: false }), seen)).toEqual([]);
    expect(notes(want({ prune: false }), seen)).toEqual([
      'prunable note: The policy of service projects/acme-agents/locations/us-central1/services/stripe grants "agent 2", which this config does not allow endpoint stripe.',
    ]);
    const stale = plan.checks.find(({ id }) => id === 'stale-members');
    expect(stale?.message).toContain(memberOf('404'));
    expect(stale?.remedy).toContain('`prune: true`');
  });

  it('does not show in the digest', () => {
    const clean = without(world(policyOf([memberOf('1')])), 'gone');
    expect(planned(want({ prune: false }), seen).digest).toBe(planned(want({ prune: false }), clean).digest);
    expect(planned(want(), seen).digest).not.toBe(planned(want(), clean).digest);
  });

  it('members that prune leaves are listed by the warning alone', () => {
    const conditional = world(
      withBindings(egressor(memberOf('1')), { ...egressor(memberOf('404')), condition: { expression: 'true' } }),
    );
    for (const prune of [true, false]) {
      const { checks } = planned(want({ prune }), conditional);
      const stale = checks.filter(({ id }) => id === 'stale-members');
      expect(stale).toHaveLength(1);
      expect(stale[0]?.remedy).not.toContain('prune');
    }
  });
});

describe('with prune', () => {
  it('who is gone is not carried over either', () => {
    const registryPolicy = policyOf([memberOf('404'), 'deleted:user:a@example.com?uid=1', 'user:b@example.com']);
    const seen = world({ etag: 'ACAB' }, { registryPolicy });
    const created = grantChanges(planned(want({ endpoints: [{ ...stripe, carryOver: true }] }), seen)).map(
      ({ member }) => member,
    );
    expect(created).toEqual([memberOf('1'), 'user:b@example.com']);
  });

  it('the limits are those of the world after the run', () => {
    const members = Array.from({ length: 1400 }, (_, index) => `user:u${index}@example.com`);
    const gone = Array.from({ length: 60 }, (_, index) => `${5000 + index}`);
    const seen = world(policyOf([memberOf('1'), ...members.slice(0, 1300), ...gone.map(memberOf)]), {
      gone: new Set(gone),
    });
    const near = (prune: boolean): boolean =>
      planned(want({ prune }), seen).checks.some(({ id }) => id === 'quota-near');
    expect(near(false)).toBe(true);
    expect(near(true)).toBe(false);
  });

  it('other endpoints are left as they are', () => {
    const seen = world(policyOf([memberOf('1'), memberOf('404')]), {
      services: [...SERVICES, ownedService('models', ['models.example'])],
    });
    expect(
      planned(want({ endpoints: [stripe, models] }), seen).changes.filter(({ layer }) => layer === 'endpoint'),
    ).toMatchObject([
      { key: 'models', action: 'keep' },
      { key: 'stripe', action: 'keep' },
    ]);
  });
});
