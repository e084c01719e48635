import type { Part } from './fit.js';
import { byDanger, KIND_MARKS, type Described, type Kind } from './kinds.js';
import { code, tableHead, tableRow } from './markdown.js';

/** Who gets room first when a report has to be cut. */
export const RANKS = {
  failures: 0,
  open: 1,
  checks: 2,
  next: 3,
  changes: 4,
  done: 5,
  diagram: 6,
  hosts: 7,
  more: 8,
  unchanged: 9,
} as const;

/** A row of a table with what it does, so that the dangerous ones come first. */
export interface Row {
  readonly kind: Kind;
  /** Comes before all others, whatever its kind. */
  readonly isUrgent?: boolean;
  /** Already escaped. */
  readonly cells: readonly string[];
}

/** @returns the rows, urgent ones and removals first; rows of a kind stay in their order */
export function dangerFirst(rows: readonly Row[]): Row[] {
  const urgency = ({ isUrgent = false }: Row): number => (isUrgent ? 0 : 1);
  return [...rows].sort((a, b) => urgency(a) - urgency(b) || byDanger(a.kind, b.kind));
}

/** @returns the first cell of a row: mark and words */
export function actionCell({ kind, words }: Described): string {
  const mark = KIND_MARKS[kind];
  return `${mark === '' ? '' : code(mark)} ${words}`.trim().replaceAll(' ', '&nbsp;');
}

/** How the layers are shown. */
export interface LayerOptions {
  /** Marks of a heading of a layer, e.g. `###`. */
  readonly hashes: string;
  /** Whether something was applied: then the status of each engine is shown. */
  readonly applied: boolean;
}

/** Rows of a table that everybody sees; the others are folded, and make room for other parts. */
const OPEN_ROWS = 20;
/** So few more are not worth a fold. */
const SPARE_ROWS = 5;

export interface TableOptions {
  /** Markdown above the table, escaped. */
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly what: string;
  readonly rank: number;
}

/** @returns the table, the end of a long one folded, or nothing when it has no rows */
export function tableParts(options: TableOptions): Part[] {
  const { heading, columns, rows, what, rank } = options;
  if (rows.length === 0) return [];
  const sorted = dangerFirst(rows);
  const open = rows.length <= OPEN_ROWS + SPARE_ROWS ? rows.length : OPEN_ROWS;
  const rest = sorted.slice(open);
  return [
    { head: `${heading}\n\n${tableHead(columns)}`, rows: lines(sorted.slice(0, open)), what, rank },
    ...foldedTable({ ...options, heading: `${rest.length} more ${what}`, rows: rest, rank: RANKS.more }),
  ];
}

/** @returns the same, folded until somebody opens it; the heading is its title */
export function foldedTable({ heading, columns, rows, what, rank }: TableOptions): Part[] {
  if (rows.length === 0) return [];
  return [{ ...folded(heading, tableHead(columns)), rows: lines(dangerFirst(rows)), what, rank }];
}

/** @returns head and foot around something folded @param title escaped */
export function folded(title: string, head: string): { head: string; foot: string } {
  return { head: `<details><summary>${title}</summary>\n\n${head}`, foot: '\n\n</details>' };
}

function lines(rows: readonly Row[]): string[] {
  return rows.map(({ cells }) => tableRow(cells));
}
