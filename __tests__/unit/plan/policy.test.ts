import { describe, expect, it } from '@jest/globals';
import type { IamPolicy } from '../../../src/google/types.js';
import { hasMember, sameCondition, withMembers, withoutMembers } from '../../../src/plan/policy.js';
import type { GrantChange, GrantCondition } from '../../../src/plan/types.js';
import { EGRESSOR, serviceNamed } from '../../support/builders.js';

const grant = (member: string, condition?: GrantCondition): GrantChange => ({
  layer: 'grant',
  action: 'create',
  key: 'stripe',
  service: serviceNamed('stripe'),
  role: EGRESSOR,
  member,
  ...(condition ? { condition } : {}),
});

const night = { expression: 'hours > 20', title: 'night' };
const policy: IamPolicy = {
  version: 3,
  etag: 'BwY=',
  bindings: [
    { role: 'roles/iap.admin', members: ['user:z@example.com', 'user:a@example.com'] },
    { role: EGRESSOR, members: ['principal://b'], condition: { ...night, location: 'line 1' } },
    { role: EGRESSOR, members: ['principal://z', 'principal://a'] },
    { role: EGRESSOR, members: ['principal://second'] },
  ],
};

const removal = (member: string, condition?: GrantCondition): GrantChange => ({
  ...grant(member, condition),
  action: 'remove',
});

describe('withoutMembers', () => {
  it('takes members out of the bindings of exactly their role and condition; everything else stays byte for byte', () => {
    const twice: IamPolicy = {
      ...policy,
      bindings: [
        ...(policy.bindings ?? []),
        { role: EGRESSOR, members: ['principal://z'], condition: night },
        { role: 'roles/iap.admin', members: ['principal://z'] },
        { role: 'roles/empty', members: [] },
      ],
    };
    const before = JSON.stringify(twice);
    const after = withoutMembers(twice, [removal('principal://z'), removal('principal://none')]);
    const expected = structuredClone(twice);
    expected.bindings?.[2]?.members?.shift();
    expect(JSON.stringify(after)).toBe(JSON.stringify(expected));
    expect(JSON.stringify(twice)).toBe(before);
  });

  it('drops a binding that it empties', () => {
    const after = withoutMembers(policy, [removal('principal://second'), removal('principal://b', night)]);
    expect(after.bindings).toEqual([policy.bindings?.[0], policy.bindings?.[2]]);
    expect(after.etag).toBe(policy.etag);
  });

  it('is the other way round of adding', () => {
    const grants = [grant('principal://new'), grant('principal://owl', { expression: 'day' })];
    expect(withoutMembers(withMembers(policy, grants), grants)).toEqual(policy);
  });
});

describe('withMembers', () => {
  it('appends to the first binding without a condition; everything else stays byte for byte', () => {
    const before = JSON.stringify(policy);
    const after = withMembers(policy, [grant('principal://new'), grant('principal://newer')]);
    const expected = structuredClone(policy);
    expected.bindings?.[2]?.members?.push('principal://new', 'principal://newer');
    expect(JSON.stringify(after)).toBe(JSON.stringify(expected));
    expect(JSON.stringify(policy)).toBe(before);
  });

  it('joins the binding with the same condition', () => {
    const after = withMembers(policy, [grant('principal://owl', night)]);
    expect(after.bindings?.[1]).toEqual({ ...policy.bindings?.[1], members: ['principal://b', 'principal://owl'] });
    expect(after.bindings).toHaveLength(4);
  });

  it.each([
    ['expression', { ...night, expression: 'hours > 21' }],
    ['title', { ...night, title: 'late' }],
    ['description', { ...night, description: 'words' }],
  ])('makes a new binding for a condition with another %s', (_field, condition) => {
    const after = withMembers(policy, [grant('principal://owl', condition)]);
    expect(after.bindings?.slice(0, 4)).toEqual(policy.bindings);
    expect(after.bindings?.[4]).toEqual({ role: EGRESSOR, members: ['principal://owl'], condition });
  });

  it('makes one binding for several members of an empty policy, and keeps its etag', () => {
    expect(withMembers({ etag: 'ACAB' }, [grant('principal://a'), grant('principal://b')])).toEqual({
      etag: 'ACAB',
      bindings: [{ role: EGRESSOR, members: ['principal://a', 'principal://b'] }],
    });
  });

  it('fills a binding that has no list of members', () => {
    const after = withMembers({ etag: 'e', bindings: [{ role: EGRESSOR }] }, [grant('principal://a')]);
    expect(after.bindings).toEqual([{ role: EGRESSOR, members: ['principal://a'] }]);
  });

  it('adds nothing for nobody', () => {
    expect(withMembers(policy, [])).toEqual(policy);
  });
});

describe('hasMember', () => {
  it.each([
    ['principal://second', undefined, true],
    ['principal://b', night, true],
    ['principal://b', undefined, false],
    ['principal://a', night, false],
    ['principal://A', undefined, false],
    ['principal://secon', undefined, false],
  ])('%s under %j: %s', (member, condition, expected) => {
    expect(hasMember(policy, grant(member, condition))).toBe(expected);
  });

  it('no policy has anybody', () => {
    expect(hasMember(undefined, grant('principal://a'))).toBe(false);
  });
});

describe('sameCondition', () => {
  it.each([
    [undefined, undefined, true],
    [{ expression: 'a', title: '' }, { expression: 'a' }, true],
    [{ expression: 'a' }, undefined, false],
    [{ expression: '' }, undefined, false],
    [{ expression: 'a', title: 'b' }, { expression: 'a', description: 'b' }, false],
  ])('%j and %j: %s', (a, b, expected) => {
    expect(sameCondition(a, b)).toBe(expected);
  });
});
