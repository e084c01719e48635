import { describe, expect, it } from '@jest/globals';
import type { IamPolicy } from '../../../src/google/types.js';
import {
  desired,
  EGRESSOR,
  endpoint,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  service,
  type ObservedParts,
} from '../../support/builders.js';
import { grantsOf } from '../../support/plan.js';

/** The first policy on an endpoint replaces the registry-wide one for it: who came in that way is carried over. */
const colleague = 'principal://colleague';
const night = { expression: 'request.time.getHours() > 20', title: 'night', description: 'only at night' };
const registryPolicy: IamPolicy = {
  etag: 'r1',
  bindings: [
    { role: EGRESSOR, members: [colleague] },
    { role: EGRESSOR, members: ['principal://owl'], condition: night },
    { role: 'roles/iap.admin', members: ['user:admin@example.com'] },
  ],
};
const carrying = endpoint('stripe', ['api.stripe.com'], { carryOver: true });
const engines = [observedEngine('1', { allow: ['stripe'] })];

const carried = (parts: ObservedParts, endpoints = [carrying]) =>
  grantsOf(desired({ endpoints }), observed({ registryPolicy, ...parts })).filter(({ engine }) => engine === undefined);

describe('carry_over', () => {
  it('copies the registry-wide members of the role, with their conditions', () => {
    expect(carried({ engines }).map(({ member, condition }) => [member, condition])).toEqual([
      [colleague, undefined],
      ['principal://owl', night],
    ]);
  });

  it('is not done where the endpoint has members of its own: they decide already', () => {
    const services = [ownedService('stripe', ['api.stripe.com'])];
    expect(carried({ engines, services, policies: { stripe: policyOf(['principal://somebody']) } })).toEqual([]);
  });

  it.each([
    ['has no members', { role: EGRESSOR, members: [] }],
    ['is of another role', { role: 'roles/viewer', members: ['user:a@example.com'] }],
  ])('is done where a binding of the endpoint %s', (_what, binding) => {
    const services = [ownedService('stripe', ['api.stripe.com'])];
    expect(carried({ engines, services, policies: { stripe: { etag: 'e', bindings: [binding] } } })).toHaveLength(2);
  });

  it('is not done without being asked for', () => {
    expect(carried({ engines }, [endpoint('stripe', ['api.stripe.com'])])).toEqual([]);
  });

  it('does not double an engine that is in the registry-wide policy itself', () => {
    const found = grantsOf(
      desired({ endpoints: [carrying] }),
      observed({ engines, registryPolicy: policyOf([memberOf('1'), colleague]) }),
    );
    expect(found.map(({ member, engine }) => [member, engine !== undefined])).toEqual([
      [memberOf('1'), true],
      [colleague, false],
    ]);
  });

  it('is done once where two keys adopt one service', () => {
    const endpoints = [carrying, endpoint('files', ['files.stripe.com'], { carryOver: true })];
    const services = [service('theirs', ['api.stripe.com', 'files.stripe.com'])];
    expect(carried({ engines, services }, endpoints)).toHaveLength(2);
  });

  it('writes no policy where no engine is granted anything: the registry-wide one still holds there', () => {
    expect(carried({ engines: [] })).toEqual([]);
  });
});
