import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const MODEL = read('docs/threat-model.md');

/** Each numbered invariant, with its text up to the next one. */
const INVARIANTS = (MODEL.split('\n## Invariants\n')[1]?.split('\n## ')[0] ?? '')
  .split(/\n(?=\d+\. )/)
  .slice(1)
  .map((text) => ({
    number: Number(/^\d+/.exec(text)?.[0]),
    tests: [...text.matchAll(/`(__tests__\/[^`]+)`/g)].map(([, file = '']) => file),
  }));

describe('docs/threat-model.md', () => {
  it('numbers its invariants from 1, without a gap', () => {
    expect(INVARIANTS.length).toBeGreaterThan(10);
    expect(INVARIANTS.map(({ number }) => number)).toEqual(INVARIANTS.map((_, index) => index + 1));
  });

  it.each(INVARIANTS)('invariant $number is held by tests that there are', ({ tests }) => {
    expect(tests.length).toBeGreaterThan(0);
    expect(tests.filter((file) => !file.endsWith('.test.ts') || !existsSync(path.join(ROOT, file)))).toEqual([]);
  });

  it('has the limits that the code has', () => {
    const limits = read('src/config/yaml-limits.ts');
    expect(limits).toContain('MOST_TOKENS = 100_000');
    expect(limits).toContain('MOST_BRACKETS = 100');
    expect(limits).toContain('MOST_VALUES = 100_000');
    expect(read('src/config/problems.ts')).toContain('MOST_PROBLEMS = 500');
    expect(read('src/google/transport.ts')).toContain('MOST_BYTES = 32 * 1024 * 1024');
    expect(read('src/google/depth.ts')).toContain('DEEPEST = 100');
    expect(read('src/google/pages.ts')).toContain('MOST_PAGES = 1_000');
  });
});

it('links of the threat model and SECURITY.md lead somewhere', () => {
  const links = [
    ...[...MODEL.matchAll(/\]\(([^):#]+)\)/g)].map(([, to = '']) => path.join('docs', to)),
    ...[...read('SECURITY.md').matchAll(/\]\(([^):#]+)\)/g)].map(([, to = '']) => to),
  ];
  expect(links.length).toBeGreaterThan(1);
  expect(links.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});
