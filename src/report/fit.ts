/**
 * A part of a report. Its rows may be left out from the end when there is too little room; what has no rows is always
 * there.
 */
export interface Part {
  /** Before the rows, or the whole text of a part without rows. */
  readonly head: string;
  readonly rows?: readonly string[];
  /** Between two rows, and between the head and the first; a line break unless told. */
  readonly between?: string;
  readonly foot?: string;
  /** What a row is, in the plural, e.g. `grants`. */
  readonly what?: string;
  /** Who gets room first: the smaller, the earlier. */
  readonly rank?: number;
}

/** What does not fit. */
export interface Cut {
  readonly what: string;
  readonly left: number;
  readonly all: number;
}

/** So many rows every part gets before any gets more. */
const FAIR_ROWS = 10;
/** Room for what is said about rows that were left out: of one part, and of all of them. */
const NOTE_BYTES = 80;

/**
 * Puts parts together, cut at whole rows so that the text stays below a size in UTF-8 bytes.
 *
 * @param parts in the order in which they are shown
 * @param maxBytes what the text must not exceed
 * @param tell what to say of all that was left out; stands after the first part
 */
export function fit(parts: readonly Part[], maxBytes: number, tell: (cuts: readonly Cut[]) => string): string {
  const whole = join(parts.map((part) => show(part, part.rows?.length ?? 0)));
  if (bytes(whole) <= maxBytes) return whole;
  const counts = share(parts, maxBytes, tell);
  const texts = parts.map((part, index) => show(part, counts[index] ?? 0));
  return join([...texts.slice(0, 1), tell(cutsOf(parts, counts)), ...texts.slice(1)]);
}

/** Several parts may show rows of one thing. */
function cutsOf(parts: readonly Part[], counts: readonly number[]): Cut[] {
  const cuts = new Map<string, Cut>();
  parts.forEach(({ what = '', rows = [] }, index) => {
    const before = cuts.get(what) ?? { what, left: 0, all: 0 };
    const left = before.left + rows.length - (counts[index] ?? 0);
    cuts.set(what, { what, left, all: before.all + rows.length });
  });
  return [...cuts.values()].filter(({ left }) => left > 0);
}

/** @returns how many rows of each part fit */
function share(parts: readonly Part[], maxBytes: number, tell: (cuts: readonly Cut[]) => string): number[] {
  const worst = parts.flatMap(({ what = '', rows }) => (rows ? [{ what, left: 999_999, all: 999_999 }] : []));
  const fixed = parts.map(({ head, foot = '', rows }) => bytes(head) + bytes(foot) + (rows ? NOTE_BYTES : 0) + 4);
  let room = maxBytes - bytes(tell(worst)) - fixed.reduce((sum, size) => sum + size, 0);
  const counts = parts.map(() => 0);
  const order = parts.map((_part, index) => index).sort((a, b) => (parts[a]?.rank ?? 0) - (parts[b]?.rank ?? 0));
  for (const limit of [FAIR_ROWS, Infinity]) {
    for (const index of order) {
      const { rows = [], between = '\n' } = parts[index] ?? { head: '' };
      let count = counts[index] ?? 0;
      for (; count < Math.min(rows.length, limit); count += 1) {
        const size = bytes(rows[count] ?? '') + bytes(between);
        if (size > room) break;
        room -= size;
      }
      counts[index] = count;
    }
  }
  return counts;
}

/** A part of whose rows none fits is left out whole; the note of all cuts names it. */
function show({ head, rows = [], between = '\n', foot = '' }: Part, count: number): string {
  if (rows.length === 0) return head + foot;
  if (count === 0) return '';
  const left = rows.length - count;
  const note = left === 0 ? '' : `\n\n… and ${left} more.`;
  return `${[...(head === '' ? [] : [head]), ...rows.slice(0, count)].join(between)}${note}${foot}`;
}

function join(texts: readonly string[]): string {
  return `${texts.filter((text) => text !== '').join('\n\n')}\n`;
}

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
