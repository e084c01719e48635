import { createHash } from 'node:crypto';

/** A JSON value whose object keys are sorted at every depth; `undefined` members are left out, as JSON does. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const members = value as Record<string, unknown>;
  const present = Object.keys(members).filter((key) => members[key] !== undefined);
  // Without a comparator, text is sorted by code unit, as compareText does.
  return Object.fromEntries(present.sort().map((key) => [key, canonical(members[key])]));
}

/** @returns `sha256:<64 hex digits>` over the canonical JSON of the value, in UTF-8. */
export function digestOf(value: unknown): string {
  return `sha256:${createHash('sha256')
    .update(JSON.stringify(canonical(value)))
    .digest('hex')}`;
}

/** Order by code unit: the same on every machine, whatever its locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sorts a copy by the given keys, first key first. */
export function sortBy<T>(items: readonly T[], ...keys: ((item: T) => string)[]): T[] {
  // Each key once for each item, not once for each comparison.
  const keyed = items.map((item) => ({ item, by: keys.map((key) => key(item)) }));
  keyed.sort((a, b) => {
    for (const [index, key] of a.by.entries()) {
      const order = compareText(key, b.by[index] ?? '');
      if (order !== 0) return order;
    }
    return 0;
  });
  return keyed.map(({ item }) => item);
}

/** @returns the items by key, in their order */
export function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
