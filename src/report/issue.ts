import { printable } from '../config/problems.js';
import { digestOf } from '../plan/canonical.js';
import type { Finding, Plan } from '../plan/types.js';
import { redactText } from '../redact.js';
import { DRIFT_CHOICE, verdictOf, type LayerDrift } from './drift.js';
import { driftParts } from './drift-text.js';
import type { EngineReport } from './engines.js';
import { fit, type Cut, type Part } from './fit.js';
import { clip, commitText, escapeMarkdown, link } from './markdown.js';
import { formatMarker } from './marker.js';
import { checkParts } from './sections.js';
import { cutsText, scopeLine } from './words.js';

/** Everything the issue shows. */
export interface IssueInput {
  /** One issue per label. */
  readonly label: string;
  readonly plan: Plan;
  readonly drift: readonly LayerDrift[];
  readonly engines: readonly EngineReport[];
  /** Page of the workflow run. */
  readonly runUrl: string;
  /** SHA of the commit whose config was verified. */
  readonly commit: string;
  /** Version of the action. */
  readonly version: string;
}

/** GitHub refuses a title of more than 256 characters, and a body of more than 65,536, with 422. */
const MAX_TITLE = 250;
const MAX_BYTES = 60_000;
const HASHES = '###';

/**
 * What is not as declared, as an issue. The digest of its first line is that of what it shows, without the run that found it:
 * the next run need not write what stands there already.
 *
 * @returns GitHub Markdown below 60,000 bytes, cut at whole rows
 */
export function renderIssue(input: IssueInput): { title: string; body: string } {
  const { label, plan, drift, engines, version } = input;
  const errors = errorsOf(plan);
  const found = errors.map(({ id, message, remedy }) => ({ id, message, remedy }));
  const digest = digestOf({ scope: plan.scope, drift, errors: found, verdict: verdictOf(plan, drift, engines) });
  const marker = formatMarker({ label, digest, version, state: 'drift' });
  const room = MAX_BYTES - marker.length - 1;
  const body = fit(issueParts(input, errors), room, (cuts) => tellCuts(cuts, input));
  return {
    title: `Agent Gateway drift: ${clip(printable(redactText(label)), MAX_TITLE - 30)}`,
    body: `${marker}\n${body}`,
  };
}

/** @returns the comment with which an issue is closed @param runUrl page of the run that found nothing any more */
export function renderClosing(verdict: string, runUrl: string): string {
  return `${escapeMarkdown(verdict)}: closed by ${link('this verification', runUrl)}.`;
}

function issueParts({ plan, drift, engines, ...input }: IssueInput, errors: readonly Finding[]): Part[] {
  const verdict = verdictOf(plan, drift, engines);
  return [
    { head: `**${escapeMarkdown(verdict)}** · ${escapeMarkdown(scopeLine(plan), 300)}` },
    ...checkParts(errors, HASHES),
    ...driftParts(drift, HASHES),
    { head: `${escapeMarkdown(DRIFT_CHOICE)} ${KEPT}` },
    { head: footer(input) },
  ];
}

const KEPT =
  'This issue is kept up to date by every verification, and closed by the first one that finds everything as declared.';

function footer({ runUrl, commit, version }: Pick<IssueInput, 'runUrl' | 'commit' | 'version'>): string {
  const facts = [
    `Written by ${link('this workflow run', runUrl)}`,
    ...(commit === '' ? [] : [`Commit ${commitText(commit)}`]),
    `bind-agent-gateway ${escapeMarkdown(version, 50)}`,
  ];
  return `<sub>${facts.join(' · ')}</sub>`;
}

function errorsOf({ checks }: Plan): Finding[] {
  return checks.filter(({ level }) => level === 'error');
}

function tellCuts(cuts: readonly Cut[], { runUrl }: IssueInput): string {
  return `**Cut to fit into an issue:** ${cutsText(cuts)}. Everything is in the ${link('step summary of the run', runUrl)}.`;
}
