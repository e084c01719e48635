import { describe, expect, it } from '@jest/globals';
import {
  desired,
  EGRESSOR,
  endpoint,
  engineNamed,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  service,
  serviceNamed,
} from '../../support/builders.js';
import { grantsOf, only, planned } from '../../support/plan.js';

const stripe = endpoint('stripe', ['api.stripe.com']);
const models = endpoint('models', ['models.example']);
const services = [ownedService('stripe', ['api.stripe.com'])];

/** `action key member`, one line per grant. */
const outline = (...args: Parameters<typeof grantsOf>): string[] =>
  grantsOf(...args).map(({ action, key, member }) => `${action} ${key} ${member}`);

describe('an engine', () => {
  it('is granted the role on every service of its keys, and on no other', () => {
    const engines = [observedEngine('1', { allow: ['stripe', 'models'] }), observedEngine('2', { allow: ['models'] })];
    const found = outline(desired({ endpoints: [stripe, models] }), observed({ engines }));
    expect(found).toEqual([
      `create models ${memberOf('1')}`,
      `create models ${memberOf('2')}`,
      `create stripe ${memberOf('1')}`,
    ]);
  });

  it('shows in the grant with its name', () => {
    const engines = [observedEngine('1', { allow: ['stripe'], displayName: 'Support agent' })];
    expect(only(grantsOf(desired({ endpoints: [stripe] }), observed({ engines })))).toEqual({
      layer: 'grant',
      action: 'create',
      key: 'stripe',
      service: serviceNamed('stripe'),
      role: EGRESSOR,
      member: memberOf('1'),
      engine: engineNamed('1'),
      displayName: 'Support agent',
    });
  });

  it('that has the grant already keeps it', () => {
    const engines = [observedEngine('1', { allow: ['stripe'] })];
    const world = observed({ engines, services, policies: { stripe: policyOf([memberOf('1')]) } });
    expect(outline(desired({ endpoints: [stripe] }), world)).toEqual([`keep stripe ${memberOf('1')}`]);
    expect(planned(desired({ endpoints: [stripe] }), world).summary.grant).toBe(0);
  });

  it('without an agent identity has nobody to grant to', () => {
    const engines = [observedEngine('1', { allow: ['stripe'], identity: '' })];
    expect(outline(desired({ endpoints: [stripe] }), observed({ engines }))).toEqual([]);
  });

  it.each([
    ['another role', { role: 'roles/viewer', members: [memberOf('1')] }],
    ['a condition', { role: EGRESSOR, members: [memberOf('1')], condition: { expression: 'false' } }],
    ['another member', { role: EGRESSOR, members: [memberOf('11')] }],
    ['a member of another kind', { role: EGRESSOR, members: [memberOf('1').replace('principal:', 'principalSet:')] }],
    ['nobody', { role: EGRESSOR }],
  ])('is not taken as granted by %s', (_what, binding) => {
    const engines = [observedEngine('1', { allow: ['stripe'] })];
    const world = observed({ engines, services, policies: { stripe: { etag: 'e1', bindings: [binding] } } });
    expect(outline(desired({ endpoints: [stripe] }), world)).toEqual([`create stripe ${memberOf('1')}`]);
  });

  it('is granted once on a service that two keys adopt', () => {
    const one = endpoint('one', ['a.example']);
    const two = endpoint('two', ['b.example']);
    const engines = [observedEngine('1', { allow: ['one', 'two'] }), observedEngine('2', { allow: ['two'] })];
    const world = observed({ engines, services: [service('theirs', ['a.example', 'b.example'])] });
    const found = grantsOf(desired({ endpoints: [one, two] }), world);
    expect(found.map(({ member, service: name }) => [member, name])).toEqual([
      [memberOf('1'), serviceNamed('theirs')],
      [memberOf('2'), serviceNamed('theirs')],
    ]);
  });

  it('is granted on both halves of a key that is partly adopted', () => {
    const split = endpoint('split', ['a.example', 'b.example']);
    const engines = [observedEngine('1', { allow: ['split'] })];
    const world = observed({ engines, services: [service('theirs', ['a.example'])] });
    expect(grantsOf(desired({ endpoints: [split] }), world).map((grant) => grant.service)).toEqual([
      serviceNamed('split'),
      serviceNamed('theirs'),
    ]);
  });
});

it('never plans anything for foreign members', () => {
  const foreign = { role: EGRESSOR, members: ['principalSet://everybody'], condition: { expression: 'true' } };
  const world = observed({ services, policies: { stripe: { etag: 'e1', bindings: [foreign] } } });
  expect(outline(desired({ endpoints: [stripe] }), world)).toEqual([]);
});
