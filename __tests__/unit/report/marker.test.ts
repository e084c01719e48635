import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatMarker, parseMarker, STATES, storedLabel, type Marker } from '../../../src/report/marker.js';
import { EVIL_TEXTS } from './hostile.js';
import { anyText } from '../../support/text.js';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;
const marker: Marker = { label: 'agent-gateway.yaml', digest: DIGEST, version: '1.0.0', state: 'planned' };
const markerArb: fc.Arbitrary<Marker> = fc.record({
  label: fc.oneof(anyText({ maxLength: 300 }), fc.constantFrom(...EVIL_TEXTS)),
  digest: fc.constantFrom(DIGEST, ''),
  version: anyText(),
  state: fc.constantFrom(...STATES),
});

describe('formatMarker', () => {
  it('is a line of HTML comment with readable JSON', () => {
    expect(formatMarker(marker)).toBe(
      `<!-- bind-agent-gateway {"label":"agent-gateway.yaml","digest":"${DIGEST}","version":"1.0.0","state":"planned"} -->`,
    );
  });

  it('comes back as it was, whatever the label is', () => {
    fc.assert(
      fc.property(markerArb, (any) => {
        expect(parseMarker(formatMarker(any))).toEqual(any);
        expect(parseMarker(`${formatMarker(any)}\r\nmore`)).toEqual(any);
      }),
    );
  });

  it('holds nothing that could end the comment or the line', () => {
    fc.assert(
      fc.property(markerArb, (any) => {
        const json = formatMarker(any).slice('<!-- bind-agent-gateway '.length, -' -->'.length);
        expect(json).toMatch(/^\{[\x20-\x7e]*\}$/);
        expect(json).not.toMatch(/[<>]|--/);
      }),
    );
  });
});

describe('a very long label', () => {
  const long = (end: string): string => `${'x'.repeat(100_000)}${end}`;

  it('is shortened, and still another one than its neighbour', () => {
    const stored = parseMarker(formatMarker({ ...marker, label: long('a') }))?.label ?? '';
    expect(stored).toBe(storedLabel(long('a')));
    expect(stored.length).toBeLessThanOrEqual(300);
    expect(stored).not.toBe(storedLabel(long('b')));
    expect(storedLabel(stored)).toBe(stored);
  });
});

describe('parseMarker', () => {
  it.each([
    ['no comment', 'Hello'],
    ['nothing', ''],
    ['a marker in the second line', `Hello\n${formatMarker(marker)}`],
    ['a marker after an empty line', `\n${formatMarker(marker)}`],
    ['a marker that is quoted', `> ${formatMarker(marker)}`],
    ['a marker in code', `    ${formatMarker(marker)}`],
    ['something before it', `\ufeff${formatMarker(marker)}`],
    ['something after it', `${formatMarker(marker)} text`],
    ['the marker of another tool', '<!-- other {"label":"x"} -->'],
    ['no JSON', '<!-- bind-agent-gateway {"label": -->'],
    ['JSON that is no object', '<!-- bind-agent-gateway "x" -->'],
    ['null', '<!-- bind-agent-gateway null -->'],
    ['a member that is missing', '<!-- bind-agent-gateway {"label":"x","digest":"","version":"1"} -->'],
    ['a member of another type', '<!-- bind-agent-gateway {"label":1,"digest":"","version":"1","state":"planned"} -->'],
    ['an unknown state', formatMarker({ ...marker, state: 'approved' as 'planned' })],
    ['no digest', formatMarker({ ...marker, digest: 'sha256:xyz' })],
    ['a comment that ends early', formatMarker(marker).replace('agent-gateway.yaml', 'a --> b <!-- c')],
  ])('takes %s for none', (_what, body) => {
    expect(parseMarker(body)).toBeUndefined();
  });

  it('leaves aside what a later version may add', () => {
    expect(parseMarker(formatMarker(marker).replace('{', '{"more":{"a":[1]},'))).toEqual(marker);
  });
});
