import { findingText } from '../report/plan-text.js';
import type { Finding } from '../plan/types.js';
import type { Log, Place } from '../log.js';

/** A message at its place in the config, for the runner to show on that line. */
interface Annotation {
  readonly message: string;
  readonly at: Place;
}

/**
 * The runner shows ten annotations of each level for a step and drops the others; the step's own errors need some, one for
 * each reason it failed for.
 */
export const SHOWN = 8;
/** Characters of an annotation that the runner keeps (4,096), with room for what comes before. */
const LONGEST = 3_800;

/** Every message of one level: the first on their lines, what is left over in one annotation, so that none gets lost. */
function annotate(level: 'error' | 'warning' | 'notice', all: readonly Annotation[], log: Log): void {
  const shown = all.length > SHOWN ? all.slice(0, SHOWN - 1) : all;
  for (const { message, at } of shown) log[level](message, at);
  const others = all.slice(shown.length);
  if (others.length === 0) return;
  const lines = others.map(({ message, at }) => `- ${placeText(at)}${message}`);
  let room = LONGEST;
  const fitting = lines.filter((line) => (room -= line.length + 1) >= 0);
  const rest = lines.length - fitting.length;
  const cut = rest > 0 ? [`- and ${rest} more: the step summary has them all`] : [];
  log[level]([`And ${others.length} more:`, ...fitting, ...cut].join('\n'), { title: `${others.length} more` });
}

/** Each level's findings, aggregated by itself. */
export function annotateFindings(findings: readonly Finding[], log: Log): void {
  for (const [level, method] of [
    ['error', 'error'],
    ['warning', 'warning'],
    ['note', 'notice'],
  ] as const) {
    const found = findings
      .filter((finding) => finding.level === level)
      .map((finding) => ({
        message: findingText(finding),
        at: { title: finding.id, ...(finding.origin?.kind === 'file' ? finding.origin : {}) },
      }));
    annotate(method, found, log);
  }
}

function placeText({ file, line, column }: Place): string {
  return file === undefined || line === undefined ? '' : `${file}:${line}:${column ?? 1}: `;
}
