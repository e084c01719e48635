import { describe, expect, it } from '@jest/globals';
import { hasChanges, planDigest } from '../../../src/plan/plan.js';
import {
  desired,
  egressConfig,
  egressGateway,
  endpoint,
  fromFile,
  gateway,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  service,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';

const want = desired({
  gateways: { egress: gateway('egress') },
  endpoints: [endpoint('stripe', ['api.stripe.com']), endpoint('theirs', ['b.example', 'c.example'])],
});
const engines = ['2', '1', '3'].map((id) => observedEngine(id, { allow: ['stripe', 'theirs'] }));
const services = [service('another', ['b.example']), ownedService('stripe', ['d.example'])];
const world = observed({ engines, services, gateways: { egress: egressGateway() } });

describe('makePlan', () => {
  it('has the layers in order, each counted in the summary', () => {
    const plan = planned(want, world);
    expect(plan.changes.map(({ layer, action }) => `${layer} ${action}`)).toEqual([
      'endpoint update',
      'endpoint create',
      'endpoint adopt',
      ...Array<string>(9).fill('grant create'),
      ...Array<string>(3).fill('binding create'),
    ]);
    expect(plan.summary).toEqual({ register: 2, grant: 9, bind: 3, remove: 0 });
    expect(plan.scope).toEqual({ project: 'acme-agents', projectNumber: '101010', region: 'us-central1' });
    expect(hasChanges(plan)).toBe(true);
  });

  it('has no changes where everything is as declared', () => {
    const done = observed({
      engines: [observedEngine('1', { allow: ['stripe'], config: egressConfig('egress') })],
      services: [ownedService('stripe', ['api.stripe.com'])],
      policies: { stripe: policyOf([memberOf('1')]) },
      gateways: { egress: egressGateway() },
    });
    const plan = planned(desired({ ...want, endpoints: [endpoint('stripe', ['api.stripe.com'])] }), done);
    expect(hasChanges(plan)).toBe(false);
    expect(plan.summary).toEqual({ register: 0, grant: 0, bind: 0, remove: 0 });
    expect(plan.changes.map(({ action }) => action)).toEqual(['keep', 'keep', 'keep']);
  });

  it('plans for a config that declares nothing', () => {
    expect(planned(desired(), observed())).toMatchObject({ changes: [], checks: [] });
  });
});

describe('the digest', () => {
  it('is the same for engines, services, interfaces and members in any order', () => {
    const turned = observed({
      ...world,
      policies: {},
      engines: [...engines].reverse(),
      services: [...services]
        .reverse()
        .map((item) => ({ ...item, interfaces: [...(item.interfaces ?? [])].reverse() })),
    });
    expect(planned(want, turned).digest).toBe(planned(want, world).digest);
  });

  it('does not depend on etags', () => {
    const [one, two] = ['e1', 'e2'].map((etag) =>
      planned(want, observed({ engines, services, policies: { stripe: policyOf(['principal://x'], etag) } })),
    );
    expect(one?.digest).toBe(two?.digest);
  });

  it('covers scope and changes, and not the checks', () => {
    const plan = planned(want, world);
    expect(plan.digest).toBe(planDigest(plan));
    expect(planDigest({ scope: plan.scope, changes: plan.changes.slice(1) })).not.toBe(plan.digest);
    expect(planDigest({ ...plan, scope: { ...plan.scope, region: 'europe-west1' } })).not.toBe(plan.digest);
    const checked = planned(
      { ...want, checkLevels: { 'gateway-not-found': { level: 'off', origin: fromFile(30) } } },
      { ...world, gateways: { egress: null } },
    );
    expect(checked.digest).toBe(plan.digest);
  });

  it.each<[string, (typeof engines)[number]]>([
    ['another engine', observedEngine('4', { allow: ['stripe', 'theirs'] })],
    ['another binding', observedEngine('2', { allow: ['stripe', 'theirs'], config: egressConfig('old') })],
    ['another principal', observedEngine('2', { allow: ['stripe', 'theirs'], identity: '' })],
  ])('changes with %s', (_what, engine) => {
    const other = observed({ engines: [engine, ...engines.slice(1)], services, gateways: { egress: egressGateway() } });
    expect(planned(want, other).digest).not.toBe(planned(want, world).digest);
  });
});
