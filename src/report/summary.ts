import type { Failure } from '../failure.js';
import { hasChanges } from '../plan/plan.js';
import type { Plan } from '../plan/types.js';
import { bindingParts } from './bindings.js';
import { diagramParts } from './diagram.js';
import type { LayerDrift } from './drift.js';
import { driftParts } from './drift-text.js';
import { endpointParts, hostParts } from './endpoints.js';
import type { EngineReport } from './engines.js';
import { fit, type Cut, type Part } from './fit.js';
import { modelParts } from './grant-model.js';
import { grantParts } from './grants.js';
import { guardrailParts } from './guardrails.js';
import { losses } from './headline.js';
import { code, escapeMarkdown } from './markdown.js';
import { checkParts, doneParts, failureParts, nextParts, openParts } from './sections.js';
import { countsLine, cutsText, scopeLine } from './words.js';

export { nextSteps } from './sections.js';

/** Everything a step has to say at its end; what is absent was not reached. */
export interface SummaryInput {
  readonly title: string;
  readonly plan?: Plan;
  readonly engines: readonly EngineReport[];
  /** The step is named after the first. */
  readonly failures: readonly Failure[];
  /** What comes next when nothing failed. */
  readonly next: readonly string[];
  /** What is still to be done after a failure. */
  readonly open?: readonly string[];
  /** What was done before a failure. */
  readonly done?: readonly string[];
  /** How things stand, where that is the question and not what would be done. */
  readonly verdict?: string;
  /** What is not as declared; the failure `changes-found` says the same, and less clearly. */
  readonly drift?: readonly LayerDrift[];
}

/** The runner drops a summary of more than 1 MiB whole (actions/runner, step summary upload limit). */
const MAX_BYTES = 1_000_000;
const HASHES = '###';

/** @returns the step summary, GitHub Markdown, cut at whole rows so that the runner takes it */
export function renderSummary(input: SummaryInput): string {
  return fit(summaryParts(input), MAX_BYTES, tellCuts);
}

function summaryParts({
  title,
  plan,
  engines,
  failures,
  next,
  open = [],
  done = [],
  ...verified
}: SummaryInput): Part[] {
  const { verdict, drift = [] } = verified;
  const head = `## ${escapeMarkdown(title, 300)}`;
  const lost = plan && verdict === undefined ? losses(plan) : [];
  const scope = plan ? [...lost, escapeMarkdown(scopeLine(plan), 300)].join(' · ') : '';
  const counts = plan ? `\n\n**${escapeMarkdown(verdict ?? countsLine(plan))}** · ${scope}` : '';
  return [
    { head: head + counts },
    ...failureParts(failures.filter(({ reason }) => reason !== 'changes-found' || drift.length === 0)),
    ...driftParts(drift, HASHES),
    ...openParts(open, HASHES),
    ...doneParts(done, HASHES),
    ...(plan ? planParts(plan, engines, failures.length > 0) : []),
    ...nextParts(failures, next, HASHES),
    ...(plan ? [{ head: `Digest ${code(plan.digest)}` }] : []),
  ];
}

function planParts(plan: Plan, engines: readonly EngineReport[], failed: boolean): Part[] {
  const ran = engines.some(({ status, tookMs }) => tookMs !== undefined || status === 'changed' || status === 'failed');
  const options = { hashes: HASHES, applied: ran || failed };
  return [
    ...checkParts(plan.checks, HASHES),
    ...bindingParts(plan, engines, options),
    ...guardrailParts(plan, options),
    ...modelParts(plan),
    ...grantParts(plan, options),
    ...endpointParts(plan, options),
    ...(hasChanges(plan) ? diagramParts(plan) : []),
    ...hostParts(plan),
  ];
}

function tellCuts(cuts: readonly Cut[]): string {
  return `**Cut to fit:** ${cutsText(cuts)}. See the log of this step, or the plan file.`;
}
