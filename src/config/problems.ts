import { distance } from 'fastest-levenshtein';
import type { Origin } from './desired.js';

/**
 * One thing that is wrong with the inputs or the desired-state file. `message` says what and why, `fix` says what to
 * write instead; both are whole sentences, so that a sink can print them one after the other.
 */
export interface Problem {
  readonly message: string;
  readonly fix?: string;
  readonly origin: Origin;
}

/** Makes a problem; an empty fix is left out, which `exactOptionalPropertyTypes` asks for. */
export function problem(origin: Origin, message: string, fix?: string): Problem {
  return fix === undefined ? { message, origin } : { message, fix, origin };
}

/** Nobody corrects more in one go, and a log that holds a hundred thousand of them is of no use. */
export const MOST_PROBLEMS = 500;

/** The problems as they are shown: sorted, and where there are too many the first of them, with a word that there are more. */
export function shownProblems(problems: readonly Problem[]): Problem[] {
  const sorted = sortProblems(problems);
  const shown = sorted.slice(0, MOST_PROBLEMS);
  const last = shown.at(-1);
  if (last === undefined || sorted.length === shown.length) return shown;
  const message = `There are more than these ${MOST_PROBLEMS} problems.`;
  return [...shown, problem(last.origin, message, 'Correct these first.')];
}

/** The input of the step as the place where something was said. */
export function inputOrigin(input: string): Origin {
  return { kind: 'input', input };
}

/** Lines of the file from top to bottom, then the inputs; what has one place keeps the order it was found in. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((a, b) => {
    if (a.origin.kind === 'file' && b.origin.kind === 'file') {
      return a.origin.line - b.origin.line || a.origin.column - b.origin.column;
    }
    return Number(a.origin.kind === 'input') - Number(b.origin.kind === 'input');
  });
}

/** `agent-gateway.yaml:12:5` or `input region`. */
export function formatOrigin(origin: Origin): string {
  return origin.kind === 'file'
    ? `${printable(origin.file)}:${origin.line}:${origin.column}`
    : `input ${printable(origin.input)}`;
}

/** Plain text of a problem, on one line: where, what, fix. */
export function formatProblem({ origin, message, fix }: Problem): string {
  return `${formatOrigin(origin)}: ${message}${fix === undefined ? '' : ` ${fix}`}`;
}

/**
 * A value from outside, in double quotes, fit for a log, a comment and an annotation: control, format (bidirectional
 * overrides) and line-breaking characters are escaped, and it is cut at about 80 characters.
 */
export function quote(value: unknown, max = 80): string {
  const text = typeof value === 'string' ? value : String(value);
  const shown = text.length > max ? `${text.slice(0, max).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return printable(JSON.stringify(shown));
}

/** The text with every character escaped that would not show as itself. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** Among more words than that, nobody looks for the one that was meant; it bounds the work as well. */
const MOST_CANDIDATES = 200;

/** The candidate that was probably meant by a mistyped word, if one is close enough to be worth naming. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const candidates = words.slice(0, MOST_CANDIDATES);
  // Nobody mistypes a word into something that long; it also bounds the work.
  if (word.length > 100) return undefined;
  const typed = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.max(1, Math.floor(typed.length / 3))) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - typed.length) >= bestDistance) continue;
    const edits = distance(typed, candidate.toLowerCase());
    if (edits < bestDistance) [best, bestDistance] = [candidate, edits];
  }
  if (best !== undefined || typed.length < 3) return best;
  for (const candidate of candidates) if (candidate.toLowerCase().startsWith(typed)) return candidate;
  return undefined;
}

/** More names than that are not listed. */
const MOST_LISTED = 50;

/** `Did you mean "x"?`, or the whole list when nothing is close (its beginning when it is long). */
export function suggestion(word: string, candidates: readonly string[], what: string): string {
  const close = nearest(word, candidates);
  if (close !== undefined) return `Did you mean ${quote(close)}?`;
  if (candidates.length === 0) return `There are no ${what}.`;
  const more = candidates.length - MOST_LISTED;
  const listed = candidates.slice(0, MOST_LISTED).map((name) => printable(name.slice(0, 80)));
  return `The ${what} are: ${listed.join(', ')}${more > 0 ? `, and ${more} more` : ''}.`;
}
