import { redactText } from '../redact.js';
import { DRIFT_CHOICE, driftLine, layerTitle, type Difference, type LayerDrift } from './drift.js';
import type { Part } from './fit.js';
import { code, escapeMarkdown, tableHead, tableRow } from './markdown.js';
import { RANKS } from './parts.js';
import type { Section } from './plan-text.js';

/** Lines of the message that the runner shows with the step: it keeps 4,096 characters. */
const MESSAGE_LINES = 25;
/** Details of one difference in a table; the log has them all. */
const SHOWN = 10;
const MAX_TEXT = 2_000;

/** @returns the drift for the log, a section per layer; plain text, escaped by the log */
export function driftSections(drift: readonly LayerDrift[]): Section[] {
  return drift.map(({ layer, count, differences, repair, note }) => ({
    title: `${layerTitle(layer)} that are not as declared: ${count}`,
    lines: [
      ...differences.flatMap((difference) => [
        `- ${sentence(difference)}`,
        ...inFull(difference).map((detail) => `    ${detail}`),
      ]),
      ...(note === '' ? [] : [`  ${note}`]),
      `  To put it right: ${repair}`,
    ].map(redactText),
  }));
}

/** @returns what is the matter, as the message of the failed step; plain text of several lines */
export function driftMessage(drift: readonly LayerDrift[]): string {
  const lines = drift.flatMap(({ differences }) =>
    differences.flatMap((difference) => [`- ${sentence(difference)}`, ...inFull(difference)]),
  );
  const more = lines.length - MESSAGE_LINES;
  return [
    `${driftLine(drift)}.`,
    ...lines.slice(0, MESSAGE_LINES),
    ...(more > 0 ? [`and ${more} more lines: the log and the step summary have them all`] : []),
  ].join('\n');
}

/** @returns what puts the drift right, each piece of advice once */
export function driftAdvice(drift: readonly LayerDrift[]): string[] {
  return [...new Set([...drift.map(({ repair }) => repair), DRIFT_CHOICE])];
}

/** @returns a table per layer, with what puts it right below */
export function driftParts(drift: readonly LayerDrift[], hashes: string): Part[] {
  return drift.map(({ layer, differences, repair, note }) => ({
    head: `${hashes} ${layerTitle(layer)} that are not as declared\n\n${tableHead(['What', 'What it means'])}`,
    rows: differences.map((difference) => tableRow([whatCell(difference), text(difference.meaning)])),
    foot: `\n\n${note === '' ? '' : `${text(note)}<br>`}**To put it right:** ${text(repair)}`,
    what: `differences of ${layer}s`,
    rank: RANKS.changes,
  }));
}

function whatCell({ what, details }: Difference): string {
  const more = details.length > SHOWN ? [`and ${details.length - SHOWN} more`] : [];
  return [text(what), ...details.slice(0, SHOWN).map((detail) => code(detail, MAX_TEXT)), ...more].join('<br>');
}

function inFull({ details, members = [] }: Difference): string[] {
  return [...details, ...members];
}

function sentence({ what, meaning }: Difference): string {
  return `${what}. ${meaning}`;
}

function text(plain: string): string {
  return escapeMarkdown(plain, MAX_TEXT);
}
