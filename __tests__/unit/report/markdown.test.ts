import { describe, expect, it } from '@jest/globals';
import { code, details, escapeMarkdown, table } from '../../../src/report/markdown.js';

const decoded = (text: string): string =>
  text.replace(/&#(\d+);/g, (_entity, digits: string) => String.fromCodePoint(Number(digits)));

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

describe('table', () => {
  it('has a head, a rule and a line per row', () => {
    expect(
      table(
        ['A', 'B'],
        [
          ['1', '2'],
          ['3', '4'],
        ],
      ),
    ).toBe('| A | B |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |');
  });

  it('keeps its columns whatever is in the cells', () => {
    const [, , row] = table(['A', 'B'], [[escapeMarkdown('a|b\n|c|'), escapeMarkdown('\\|')]]).split('\n');
    expect(row?.split('|')).toHaveLength(4);
  });
});

it('details have an empty line around the body, or GitHub would not render it', () => {
  expect(details('Title', '| a |')).toBe('<details><summary>Title</summary>\n\n| a |\n\n</details>');
});
