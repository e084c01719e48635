import { describe, expect, it } from '@jest/globals';
import { clip, code, escapeMarkdown, link, nameColumn, tableHead, tableRow } from '../../../src/report/markdown.js';

/** As a browser shows it, without the spaces that have no width. */
const decoded = (text: string): string =>
  text.replace(/&#(\d+);/g, (_entity, digits: string) => String.fromCodePoint(Number(digits))).replaceAll('\u200b', '');

describe('escapeMarkdown', () => {
  it.each([
    ['pipes', 'a | b', '|'],
    ['HTML', '<img src=x onerror=alert(1)>', '<'],
    ['closing HTML', '</details></td>', '>'],
    ['mentions', 'ask @octocat', '@'],
    ['references', 'see #1 and GH-1', '#'],
    ['links', '[here](https://evil.example)', '['],
    ['bare links', 'https://evil.example', ':'],
    ['images', '![x](y)', '!'],
    ['backticks', '`a` ```b```', '`'],
    ['emphasis', '*a* _b_ ~c~', '*'],
    ['underscores', '__a__', '_'],
    ['entities', '&lt;script&gt;', '&lt'],
    ['backslashes', '\\| \\n', '\\'],
    ['emoji codes', ':rocket:', ':rocket'],
    ['maths', '$x$', '$'],
    ['braces', '{{ x }}', '{'],
    ['quotes', '"a" \'b\'', '"'],
  ])('shows %s as text', (_what, text, dangerous) => {
    const escaped = escapeMarkdown(text);
    expect(escaped.replace(/&#\d+;/g, '')).not.toContain(dangerous);
    expect(escaped).not.toContain(dangerous === '#' ? ' #' : dangerous);
    expect(decoded(escaped)).toBe(text);
  });

  it.each(['www.evil.example', 'WWW.evil.example', 'a www.evil.example'])('makes no link of %j', (text) => {
    expect(escapeMarkdown(text)).not.toMatch(/www\./i);
    expect(decoded(escapeMarkdown(text))).toBe(text);
  });

  it.each(['a\nb', 'a\r\n\r\n# b', 'a\u2028b'])('keeps %j in one line', (text) => {
    expect(escapeMarkdown(text)).not.toMatch(/[\n\r\u2028]/);
  });

  it('shows control and bidirectional characters as what they are', () => {
    expect(decoded(escapeMarkdown('a\u202eb\u001b'))).toBe('a\\u202eb\\u001b');
  });

  it.each(['Support agent 2', 'Größe, 日本', 'projects/p/locations/us-central1'])('leaves %j alone', (text) => {
    expect(escapeMarkdown(text)).toBe(text);
  });
});

describe('code', () => {
  it('cannot be left from inside', () => {
    expect(code('</code>`x`')).toMatch(/^<code>[^<>`]*<\/code>$/);
  });
});

describe('what would be a block of its own', () => {
  it.each(['- item', '1. one', '    code', '---', '+ plus', '* star', '# head', '> quote'])('%j is text', (text) => {
    expect(escapeMarkdown(text)).toMatch(/^(?:&#\d+;|1&#46;)/);
    expect(decoded(escapeMarkdown(text))).toBe(text);
  });
});

it('blanks at the ends do not keep it from being emphasised', () => {
  expect(escapeMarkdown('  a b ')).toBe('&#32;&#32;a b&#32;');
});

describe('what GitHub looks for in the finished HTML', () => {
  it.each([
    ['@octocat', '&#64;&#8203;octocat'],
    ['acme/agents#12', 'acme/agents&#35;&#8203;12'],
    ['GH-12', 'GH-&#8203;12'],
    [':rocket:', '&#58;&#8203;rocket&#58;'],
  ])('%s is broken up', (text, escaped) => {
    expect(escapeMarkdown(text)).toBe(escaped);
    // There it looks for nothing, and what is copied from there has to be right.
    expect(code(text)).not.toContain('&#8203;');
  });
});

describe('a URL in a text', () => {
  it.each([escapeMarkdown, code])('has no secret in it', (sink) => {
    expect(decoded(sink('at https://u:pw@h.example/p?key=1'))).toContain('https://…@h.example/p?…');
  });

  it('is redacted before the text is cut', () => {
    expect(decoded(escapeMarkdown('https://user:password@host.example', 20))).toBe('https://…@host.examp…');
  });
});

describe('clip', () => {
  it.each([
    ['short', 5, 'short'],
    ['longer', 5, 'longe…'],
    ['ab😀', 3, 'ab…'],
  ])('%s at %d', (text, max, expected) => {
    expect(clip(text, max)).toBe(expected);
  });
});

describe('link', () => {
  it('goes where it says', () => {
    const url = 'https://github.com/acme/agents/actions/runs/1?check_suite_focus=true#x';
    expect(link('Run', url)).toBe(`[Run](${url})`);
  });

  it.each([
    ['a parenthesis', 'https://h.example/a)b(c', '[Run](https://h.example/a%29b%28c)'],
    ['a blank and quotes', 'https://h.example/a "b"', '[Run](https://h.example/a%20%22b%22)'],
    ['angle brackets', 'https://h.example/<b>', '[Run](https://h.example/%3Cb%3E)'],
  ])('cannot be left through %s', (_what, url, expected) => {
    expect(link('Run', url).replaceAll('%25', '%')).toBe(expected);
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', '/relative', '', 'https://', 'https://u:p@h.example/'])(
    'is no link to %j',
    (url) => {
      expect(link('Run', url)).toBe('Run');
    },
  );
});

describe('a table', () => {
  it('has a head, a rule and a line per row', () => {
    expect(tableHead(['A', 'B'])).toBe('| A | B |\n| :-- | :-- |');
    expect(tableRow(['1', '2'])).toBe('| 1 | 2 |');
  });

  it('keeps its columns whatever is in the cells', () => {
    const row = tableRow([escapeMarkdown('a|b\n|c|'), escapeMarkdown('\\|')]);
    expect(row.split('|')).toHaveLength(4);
  });

  it('has room for names that must not be broken, up to a point', () => {
    expect(nameColumn('Check', [])).toBe('Check');
    expect(nameColumn('Check', ['gateway-dry-run', 'x'])).toMatch(/^Check(?:&nbsp;){23}$/);
    expect(nameColumn('Check', ['x'.repeat(1_000)])).toBe(nameColumn('Check', ['x'.repeat(24)]));
  });
});
