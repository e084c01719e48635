import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fit, type Cut, type Part } from '../../../src/report/fit.js';
import { anyText } from '../../support/text.js';

const rows = (count: number, text: string): string[] => Array.from({ length: count }, (_, index) => `${text} ${index}`);
const tell = (cuts: readonly Cut[]): string => cuts.map(({ what, left, all }) => `${left}/${all} ${what}`).join(', ');
const bytes = (text: string): number => Buffer.byteLength(text);
const top: Part = { head: '# Top' };

describe('fit', () => {
  it('changes nothing that fits', () => {
    const parts = [top, { head: 'A', rows: ['1', '2'], foot: '\n\nend', what: 'a', rank: 1 }, { head: 'B' }];
    expect(fit(parts, 1_000, tell)).toBe('# Top\n\nA\n1\n2\n\nend\n\nB\n');
  });

  it('cuts at whole rows, says so at the end of the rows and after the first part', () => {
    const text = fit(
      [top, { head: 'A', rows: rows(100, 'row'), foot: '\n\nend', what: 'a' }, { head: 'Z' }],
      400,
      tell,
    );
    const [, shown = ''] = /\n(row \d+)\n\n… and \d+ more\.\n\nend\n\nZ\n$/.exec(text) ?? [];
    const count = Number(shown.slice(4)) + 1;
    expect(text).toMatch(new RegExp(`^# Top\n\n${100 - count}/100 a\n\nA\nrow 0\n`));
    expect(text).toContain(`… and ${100 - count} more.`);
    expect(bytes(text)).toBeLessThanOrEqual(400);
  });

  it('gives every part some rows before any gets more, by rank', () => {
    const text = fit(
      [
        top,
        { head: 'LAST', rows: rows(500, 'last'), what: 'last', rank: 2 },
        { head: 'FIRST', rows: rows(500, 'first'), what: 'first', rank: 1 },
      ],
      1_500,
      tell,
    );
    expect(text.match(/^last/gm)).toHaveLength(10);
    expect(text.match(/^first/gm)?.length).toBeGreaterThan(50);
  });

  it('leaves a part out of which nothing fits, and names it', () => {
    const text = fit([top, { head: 'BIG', rows: ['x'.repeat(900)], what: 'the diagram' }], 500, tell);
    expect(text).toBe('# Top\n\n1/1 the diagram\n');
  });

  it('counts rows of one thing in several parts together', () => {
    const parts = [top, ...[1, 2].map((rank) => ({ head: 'A', rows: rows(50, 'row'), what: 'a', rank }))];
    expect(fit(parts, 600, tell)).toMatch(/^# Top\n\n\d+\/100 a\n/);
  });

  it('never gets larger than it may, whatever the rows are', () => {
    const partArb = fc.record({
      head: anyText({ maxLength: 20 }),
      rows: fc.array(anyText({ maxLength: 300 }), { maxLength: 60 }),
      foot: fc.string({ maxLength: 20 }),
      what: fc.constantFrom('a', 'b'),
      rank: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(partArb, { maxLength: 8 }), fc.integer({ min: 2_000, max: 20_000 }), (parts, max) => {
        expect(bytes(fit([top, ...parts], max, tell))).toBeLessThanOrEqual(max);
      }),
    );
  });
});
