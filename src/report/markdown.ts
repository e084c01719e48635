import { printable } from '../config/problems.js';

/**
 * Text from outside as Markdown that shows as that text and does nothing else: every character that Markdown, HTML or
 * GitHub's links, mentions and references give a meaning is written as an entity, which CommonMark never takes for
 * structure. It fits into a table cell: no line breaks, no pipes.
 */
export function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/[^\p{L}\p{N} .,/-]/gu, (char) => `&#${char.codePointAt(0) ?? 0};`)
    .replace(/www\./gi, (word) => `${word.slice(0, 3)}&#46;`);
}

/** The same, in a fixed-width font. */
export function code(text: string): string {
  return `<code>${escapeMarkdown(text)}</code>`;
}

/** @param head column titles, trusted @param rows cells, already escaped */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Folded until somebody opens it. @param title escaped @param body Markdown */
export function details(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}
