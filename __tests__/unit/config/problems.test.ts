import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Origin } from '../../../src/config/desired.js';
import {
  formatProblem,
  inputOrigin,
  nearest,
  printable,
  problem,
  quote,
  sortProblems,
  suggestion,
} from '../../../src/config/problems.js';
import { anyText } from '../../support/text.js';

const at = (line: number, column: number): Origin => ({ kind: 'file', file: 'a.yaml', line, column });

describe('formatProblem', () => {
  it('names the place, the problem and the fix', () => {
    expect(formatProblem(problem(at(12, 5), 'It is wrong.', 'Write it right.'))).toBe(
      'a.yaml:12:5: It is wrong. Write it right.',
    );
    expect(formatProblem(problem(inputOrigin('region'), 'It is wrong.'))).toBe('input region: It is wrong.');
  });
});

describe('sortProblems', () => {
  it('puts the file first, by line and column, then the inputs as they came', () => {
    const problems = [
      problem(inputOrigin('region'), '4'),
      problem(at(10, 1), '3'),
      problem(inputOrigin('allow'), '5'),
      problem(at(2, 9), '2'),
      problem(at(2, 1), '1'),
    ];
    expect(sortProblems(problems).map(({ message }) => message)).toEqual(['1', '2', '3', '4', '5']);
  });
});

describe('quote', () => {
  it.each([
    ['plain', '"plain"'],
    ['say "hi"', '"say \\"hi\\""'],
    ['two\nlines', '"two\\nlines"'],
    ['::error::x\r\n', '"::error::x\\r\\n"'],
    ['\u001b[31m', '"\\u001b[31m"'],
    ['right\u202eleft', '"right\\u202eleft"'],
    ['line\u2028sep', '"line\\u2028sep"'],
    ['\u009b31m', '"\\u009b31m"'],
  ])('%j', (text, expected) => {
    expect(quote(text)).toBe(expected);
  });

  it('cuts what is long', () => {
    expect(quote('x'.repeat(5000))).toBe(`"${'x'.repeat(80)}…"`);
    expect(quote(`${'x'.repeat(79)}😀😀`)).toBe(`"${'x'.repeat(79)}…"`);
  });

  it('never lets a character through that is not visible', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 200 }), (text) => {
        expect(quote(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      }),
    );
  });
});

describe('nearest', () => {
  const words = ['gemini', 'sessions', 'memory-bank', 'tracing', 'logging'];

  it.each([
    ['gemnini', 'gemini'],
    ['gmeini', 'gemini'],
    ['GEMINI', 'gemini'],
    ['session', 'sessions'],
    ['memory_bank', 'memory-bank'],
    ['memory', 'memory-bank'],
    ['loging', 'logging'],
    ['pubsub', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ])('case %#', (word, expected) => {
    expect(nearest(word, words)).toBe(expected);
  });

  it('becomes the list when nothing is close', () => {
    expect(suggestion('pubsub', ['a', 'b'], 'known keys')).toBe('The known keys are: a, b.');
    expect(suggestion('pubsub', [], 'known keys')).toBe('There are no known keys.');
    expect(suggestion('gemnini', words, 'presets')).toBe('Did you mean "gemini"?');
  });
});
