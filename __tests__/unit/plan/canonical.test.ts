import { describe, expect, it } from '@jest/globals';
import { canonical, compareText, digestOf, sortBy } from '../../../src/plan/canonical.js';

describe('canonical', () => {
  it('sorts keys at every depth, in lists too, and leaves lists in their order', () => {
    const value = { b: [{ z: 1, a: 2 }, 3], a: { d: null, c: 'x' } };
    expect(JSON.stringify(canonical(value))).toBe('{"a":{"c":"x","d":null},"b":[{"a":2,"z":1},3]}');
  });

  it('leaves out what is undefined', () => {
    expect(JSON.stringify(canonical({ a: undefined, b: 1 }))).toBe('{"b":1}');
  });

  it.each([null, 1, 'text', true])('passes %j on', (value) => {
    expect(canonical(value)).toBe(value);
  });

  it('keeps a key named __proto__', () => {
    const value: unknown = JSON.parse('{"__proto__":{"a":1},"b":2}');
    expect(JSON.stringify(canonical(value))).toBe('{"__proto__":{"a":1},"b":2}');
  });
});

describe('digestOf', () => {
  it('is SHA-256 over the canonical JSON', () => {
    // printf '{"a":1,"b":"é"}' | sha256sum
    expect(digestOf({ b: 'é', a: 1 })).toBe('sha256:09ad9fd2fb648cb2f62141215828ea00a62c299db05d20aa9ade2f527a301cc6');
  });

  it('tells a null from what is not there, and a list from its reverse', () => {
    const digests = [{ a: null }, {}, { a: [1, 2] }, { a: [2, 1] }].map(digestOf);
    expect(new Set(digests).size).toBe(4);
  });
});

describe('sorting', () => {
  it('goes by code unit, not by locale', () => {
    expect(['b', 'a', 'B', 'ä', 'Z'].sort(compareText)).toEqual(['B', 'Z', 'a', 'b', 'ä']);
  });

  it('takes the next key where the first is equal, and a copy', () => {
    const items = [
      { a: 'x', b: '2' },
      { a: 'x', b: '1' },
      { a: 'a', b: '3' },
    ];
    const sorted = sortBy(
      items,
      ({ a }) => a,
      ({ b }) => b,
    );
    expect(sorted.map(({ b }) => b)).toEqual(['3', '1', '2']);
    expect(items[0]?.b).toBe('2');
  });
});
