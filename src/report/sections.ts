import { formatOrigin } from '../config/problems.js';
import type { Failure } from '../failure.js';
import type { Finding } from '../plan/types.js';
import type { Part } from './fit.js';
import { code, escapeMarkdown, nameColumn, tableHead, tableRow } from './markdown.js';
import { RANKS } from './parts.js';

/** Longest line of a message, in characters: Google's answers may quote a whole log. */
const MAX_MESSAGE = 2_000;
/** Findings of other levels come after these. */
const LEVELS: readonly string[] = ['error', 'warning', 'note'];

/** @returns all failures as one part, reason and message, a row per line of a message: a whole fleet may have failed */
export function failureParts(failures: readonly Failure[]): Part[] {
  if (failures.length === 0) return [];
  const rows = failures.flatMap(({ reason, message }, index) => {
    const [first = '', ...others] = message.split('\n').map(text);
    const gap = index === 0 ? '' : '\n\n';
    return [`${gap}**Failed: ${escapeMarkdown(reason)}.** ${first}`, ...others.map((line) => `<br>${line}`)];
  });
  return [{ head: '', rows, between: '', what: 'lines of failures', rank: RANKS.failures }];
}

/** @returns the findings as a table, errors first; a level that this version does not know is shown by its name */
export function checkParts(checks: readonly Finding[], hashes: string): Part[] {
  if (checks.length === 0) return [];
  const columns = [
    'Level',
    nameColumn(
      'Check',
      checks.map(({ id }) => id),
    ),
    'What, and what to do',
  ];
  const rows = [...checks].sort((a, b) => levelOrder(a) - levelOrder(b)).map(checkRow);
  const head = `${hashes} Checks\n\n${tableHead(columns)}`;
  return [{ head, rows, what: 'checks', rank: RANKS.checks }];
}

/** @returns a list of lines below a heading, or nothing @param lines plain text, `- ` in front is dropped */
export function listParts(heading: string, lines: readonly string[], what: string, rank: number): Part[] {
  if (lines.length === 0) return [];
  return [{ head: `${heading}\n`, rows: lines.map((line) => `- ${text(line.replace(/^- /, ''))}`), what, rank }];
}

/** @returns what is still to be done after a failure */
export function openParts(open: readonly string[], hashes: string): Part[] {
  return listParts(`${hashes} Still open`, open, 'lines of what is still open', RANKS.open);
}

/** @returns what was done before a failure */
export function doneParts(done: readonly string[], hashes: string): Part[] {
  return listParts(`${hashes} Done in this run`, done, 'lines of what was done', RANKS.done);
}

/** @returns what comes next: advice after failures is a list, a single step is one line */
export function nextParts(failures: readonly Failure[], next: readonly string[], hashes: string): Part[] {
  const [only] = next;
  if (failures.length === 0 && next.length === 1 && only !== undefined) return [{ head: `**Next:** ${text(only)}` }];
  const lines = failures.length > 0 ? nextSteps(failures) : next;
  return listParts(`${hashes} What to do next`, lines, 'lines of what to do next', RANKS.next);
}

/** @returns what to do next after these failures, each piece of advice once */
export function nextSteps(failures: readonly Failure[]): string[] {
  return [...new Set(failures.flatMap(({ next }) => next))];
}

function levelOrder({ level }: Finding): number {
  const at = LEVELS.indexOf(level);
  return at === -1 ? LEVELS.length : at;
}

function checkRow({ level, id, message, remedy, origin }: Finding): string {
  const place = origin?.kind === 'file' ? ` (${code(formatOrigin(origin))})` : '';
  return tableRow([
    level === 'error' ? '**error**' : escapeMarkdown(level, 50),
    code(id, 100),
    `${text(message)}${place}<br>→ ${text(remedy)}`,
  ]);
}

function text(line: string): string {
  return escapeMarkdown(line, MAX_MESSAGE);
}
