import { printable } from '../config/problems.js';
import { redactText } from '../redact.js';

const ZERO_WIDTH_SPACE = '\u200b';
/** Characters of a name that must not be broken. */
const MAX_COLUMN = 24;

/**
 * Text from outside as Markdown that shows as that text and does nothing else: every character that Markdown, HTML or
 * GitHub's links give a meaning is written as an entity, which CommonMark never takes for structure. It fits into a table
 * cell, behind a list mark and between marks of emphasis: no line breaks, no pipes, nothing that opens a block, no blanks at
 * its ends. URLs in it are redacted.
 *
 * @param max characters after which it is cut
 */
export function escapeMarkdown(text: string, max = Infinity): string {
  return entities(unlinked(printable(clip(redactText(text), max))))
    .replace(/^ +|(?<! ) +$/g, (blanks) => '&#32;'.repeat(blanks.length))
    .replace(/^-/, '&#45;')
    .replace(/^(\d+)\./, '$1&#46;');
}

/** The same, in a fixed-width font. GitHub links no mentions and references there, so the text is copied as it is. */
export function code(text: string, max = Infinity): string {
  return `<code>${entities(printable(clip(redactText(text), max)))}</code>`;
}

/** @param url any text; what is no http(s) URL is no link @param text escaped */
export function link(text: string, url: string): string {
  const parsed = /^https?:\/\//i.test(url) ? URL.parse(url) : null;
  if (!parsed || parsed.username || parsed.password) return text;
  return `[${text}](${parsed.href.replace(/[^\w\-./:?=&%#]/g, encodeURIComponent).replace(/[()'*!~]/g, percent)})`;
}

/** @returns a commit's name: GitHub makes a link of a full SHA, unless it is in code font */
export function commitText(commit: string): string {
  return /^[\da-f]{40}$/.test(commit) ? commit : code(commit, 100);
}

/** @returns head and rule of a table @param head column titles, trusted */
export function tableHead(head: readonly string[]): string {
  return `${tableRow(head)}\n${tableRow(head.map(() => ':--'))}`;
}

/**
 * The title of a column of names in code font, as wide as the longest of them: GitHub breaks names at their hyphens
 * as soon as another column wants room. One em of the code font is about two blanks of a title.
 */
export function nameColumn(title: string, names: readonly string[]): string {
  const longest = Math.min(MAX_COLUMN, Math.max(0, ...names.map((name) => name.length)));
  return title + '&nbsp;'.repeat(Math.max(0, 2 * (longest - title.length) + 3));
}

/** @returns one line of a table @param cells already escaped */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** @returns the text, cut when it is longer than so many characters; never in the middle of one */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * GitHub looks for mentions, references and emoji codes in the finished HTML, where an entity is the character it stands
 * for. A zero-width space keeps them text; that is how Renovate does it, too (its `sanitizeMarkdown`).
 */
function unlinked(text: string): string {
  return text
    .replace(/@/g, `@${ZERO_WIDTH_SPACE}`)
    .replace(/#(?=\d)/g, `#${ZERO_WIDTH_SPACE}`)
    .replace(/\b(GH)-(?=\d)/gi, `$1-${ZERO_WIDTH_SPACE}`)
    .replace(/:(?=[\w+-]+:)/g, `:${ZERO_WIDTH_SPACE}`);
}

function entities(text: string): string {
  return text
    .replace(/[^\p{L}\p{N} .,/-]/gu, (char) => `&#${char.codePointAt(0) ?? 0};`)
    .replace(/www\./gi, (word) => `${word.slice(0, 3)}&#46;`);
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}
