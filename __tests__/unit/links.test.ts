import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Marked, type Token } from 'marked';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SKIPPED = new Set(['node_modules', 'dist', 'lib', '.git', 'coverage', 'golden']);

function pages(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pages(name);
    return entry.name.endsWith('.md') ? [name] : [];
  });
}

function tokensOf(page: string): Token[] {
  const marked = new Marked();
  const found: Token[] = [];
  void marked.walkTokens(marked.lexer(readFileSync(path.join(ROOT, page), 'utf8')), (token) => void found.push(token));
  return found;
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): string[] {
  const headings = tokensOf(page).flatMap((token) => (token.type === 'heading' ? [String(token.text)] : []));
  return headings.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

/** Links inside the repository that lead nowhere. */
function broken(page: string): string[] {
  const hrefs = tokensOf(page).flatMap((token) =>
    token.type === 'link' || token.type === 'image' ? [String(token.href)] : [],
  );
  return hrefs.filter((href) => {
    if (/^(?:https?|mailto):/.test(href)) return false;
    const [file = '', anchor] = href.split('#');
    const target = file === '' ? page : path.join(path.dirname(page), decodeURIComponent(file));
    if (target.startsWith('..') || !existsSync(path.join(ROOT, target))) return true;
    if (anchor === undefined) return false;
    return statSync(path.join(ROOT, target)).isDirectory() || !anchorsOf(target).includes(anchor);
  });
}

describe('links inside the repository', () => {
  it.each(pages('.'))('of %s resolve', (page) => {
    expect(broken(page)).toEqual([]);
  });
});
