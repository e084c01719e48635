import { describe, expect, it } from '@jest/globals';
import { logLine } from '../../../src/report/log-text.js';

/** What the runner takes for a command (actions/runner, ActionCommand.cs): `::` first after blanks, `##[` anywhere. */
const isCommand = (line: string): boolean => line.trimStart().startsWith('::') || line.includes('##[');

describe('logLine', () => {
  it.each([
    '::set-output name=a::b',
    '   ::error::no',
    '\t::add-mask::x',
    '\u00a0\u3000::warning::x',
    '\u2003::endgroup::',
    '::::',
    'text ##[error]x',
    '##[command]x',
    '###[group]',
    '\r\n::set-env name=PATH::x',
    '\ufeff::debug::x',
  ])('makes %j nothing but text', (text) => {
    expect(isCommand(logLine(text))).toBe(false);
  });

  it.each(['a\nb', 'a\r\nb', 'a\u2028b', 'a\u2029b', 'a\u0085b', 'a\vb', 'a\fb'])('keeps %j on one line', (text) => {
    expect(logLine(text)).toMatch(/^a(?:\\u[\da-f]{4})+b$/);
  });

  it.each([
    ['an escape sequence', '\u001b[2J', '\\u001b[2J'],
    ['a bell', 'a\u0007', 'a\\u0007'],
    ['a backspace', 'ab\b', 'ab\\u0008'],
    ['a bidirectional override', 'nimda\u202eadmin', 'nimda\\u202eadmin'],
    ['an isolate', '\u2066x', '\\u2066x'],
    ['a zero-width space', 'a\u200bb', 'a\\u200bb'],
    ['a lone surrogate', 'a\ud800', 'a\\ud800'],
  ])('shows %s as what it is', (_what, text, expected) => {
    expect(logLine(text)).toBe(expected);
  });

  it.each(['projects/p/locations/l', 'a::b', 'Größe 日本 😀', '    indented', '[0:30] x: y', '#[x] ## [y]', ''])(
    'leaves %j alone',
    (text) => {
      expect(logLine(text)).toBe(text);
    },
  );
});
