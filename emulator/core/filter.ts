import { invalid } from './errors.js';
import { isJson, type Json } from './json.js';
import { camelCase } from './shape.js';

/**
 * The part of AIP-160 that is known to be in use: `field = value` and `field : value` joined by AND.
 * Anything else is a 400, so that nobody relies on a filter the emulator merely ignored.
 */
export function filterItems<T extends Json>(items: readonly T[], filter: string | null): T[] {
  if (filter === null || filter.trim() === '') return [...items];
  const terms = filter.split(/\s+AND\s+/).map(readTerm);
  return items.filter((item) => terms.every((term) => matches(item, term)));
}

interface Term {
  readonly path: readonly string[];
  readonly has: boolean;
  readonly value: string;
}

function readTerm(text: string): Term {
  const match = /^\s*([A-Za-z_][\w.]*)\s*(=|:)\s*(?:"([^"]*)"|([^\s"]+))\s*$/.exec(text);
  if (match?.[1] === undefined) throw invalid(`Invalid filter: ${text}`, 'filter');
  return { path: match[1].split('.').map(camelCase), has: match[2] === ':', value: match[3] ?? match[4] ?? '' };
}

function matches(item: Json, term: Term): boolean {
  const value = term.path.reduce<unknown>((at, key) => (isJson(at) ? at[key] : undefined), item);
  const text =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
  return term.has ? text.toLowerCase().includes(term.value.toLowerCase()) : text === term.value;
}
