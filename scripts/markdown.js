/**
 * @param {string[]} head
 * @param {string[][]} rows
 * @returns {string} a Markdown table
 */
export function markdownTable(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * @param {string} text of a page
 * @param {Record<string, string>} parts by the name that their markers have: `<!-- NAME:start -->` and `<!-- NAME:end -->`
 * @param {string} page how an error names it
 * @returns {string} the same text with fresh parts between the markers
 * @throws Error when the page lacks a marker
 */
export function withParts(text, parts, page) {
  let whole = text;
  for (const [name, part] of Object.entries(parts)) {
    const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
    const [before, rest] = whole.split(start);
    const after = rest?.split(end)[1];
    if (before === undefined || after === undefined) throw new Error(`${page} has no ${start} … ${end}`);
    whole = `${before}${start}\n\n<!-- prettier-ignore -->\n${part}\n\n${end}${after}`;
  }
  return whole;
}
