import type { Failure } from '../failure.js';
import { hasChanges } from '../plan/plan.js';
import type { Plan } from '../plan/types.js';
import { bindingParts } from './bindings.js';
import { diagramParts } from './diagram.js';
import { endpointParts, hostParts } from './endpoints.js';
import type { EngineReport } from './engines.js';
import { fit, type Cut, type Part } from './fit.js';
import { modelParts } from './grant-model.js';
import { grantParts } from './grants.js';
import { guardrailParts } from './guardrails.js';
import { headline } from './headline.js';
import { code, commitText, escapeMarkdown, link } from './markdown.js';
import { formatMarker, type State } from './marker.js';
import { checkParts, doneParts, failureParts, nextParts, openParts } from './sections.js';
import { cutsText } from './words.js';

/** Everything the comment on the pull request shows. */
export interface CommentInput {
  /** One comment per label. */
  readonly label: string;
  readonly state: State;
  /** Absent when the run did not get as far as a plan. */
  readonly plan?: Plan;
  readonly engines: readonly EngineReport[];
  readonly failures: readonly Failure[];
  /** What comes next when nothing failed. */
  readonly next: readonly string[];
  /** What is still to be done after a failure, see `stillOpen`. */
  readonly open: readonly string[];
  /** What was done before a failure, see `doneSoFar`. */
  readonly done?: readonly string[];
  /** Page of the workflow run. */
  readonly runUrl: string;
  /** SHA of the commit that was planned or applied. */
  readonly commit: string;
  /** Version of the action. */
  readonly version: string;
  /** Digest of the plan that this comment approves; empty where it only tells of something. */
  readonly approvedDigest: string;
  /** Base64 for the next run, hidden in the last line. What is no base64, or too long, is left out. */
  readonly payload?: string;
  /** How long the apply took so far. */
  readonly elapsedMs?: number;
}

/** GitHub refuses a body of more than 65,536 characters with 422; in UTF-8 a text is never shorter than in characters. */
const MAX_BYTES = 60_000;
const MAX_PAYLOAD = 12_000;
const HASHES = '####';

/**
 * The plan, or how its apply ended, as a comment on a pull request.
 *
 * @returns GitHub Markdown below 60,000 bytes, cut at whole rows; its first line is the marker by which it is found again
 */
export function renderComment(input: CommentInput): string {
  const { label, state, version, approvedDigest: digest } = input;
  const marker = formatMarker({ label, digest, version, state });
  const ending = `\n${payloadLine(input.payload)}`;
  const room = MAX_BYTES - marker.length - ending.length - 2;
  const body = fit(commentParts(input), room, (cuts) => tellCuts(cuts, input));
  return `${marker}\n${body}${ending}`.replace(/\n+$/, '\n');
}

function commentParts(input: CommentInput): Part[] {
  const { label, plan, engines, next, open, done = [], state } = input;
  const failures = newFailures(input);
  const steps = nextParts(failures, next, HASHES);
  const isFailed = failures.length > 0;
  return [
    { head: `### Agent Gateway: ${escapeMarkdown(label, 200)}\n\n${headline(input)}` },
    ...failureParts(failures),
    ...openParts(open, HASHES),
    ...(isFailed ? steps : []),
    ...doneParts(done, HASHES),
    ...(plan ? planParts(plan, engines, state) : []),
    ...(isFailed ? [] : steps),
    { head: footer(input) },
  ];
}

/** Checks are shown by themselves: a plan that failed by them need not say them twice. */
function newFailures({ plan, failures }: CommentInput): Failure[] {
  return failures.filter(({ reason }) => reason !== 'check-failed' || !plan);
}

function planParts(plan: Plan, engines: readonly EngineReport[], state: State): Part[] {
  const options = { hashes: HASHES, applied: state === 'applied' || state === 'failed' };
  const checks = checkParts(plan.checks, HASHES);
  // Where nothing changes, what stands is in the step summary; whether it is enforced is worth a fold.
  if (!hasChanges(plan)) return [...checks, ...bindingParts(plan, engines, options)];
  return [
    ...checks,
    ...bindingParts(plan, engines, options),
    ...guardrailParts(plan, options),
    ...modelParts(plan),
    ...grantParts(plan, options),
    ...endpointParts(plan, options),
    ...diagramParts(plan),
    ...hostParts(plan),
  ];
}

function footer({ plan, runUrl, commit, version }: CommentInput): string {
  const facts = [
    ...(plan ? [`Digest ${code(plan.digest)}`] : []),
    link('Workflow run', runUrl),
    ...(commit === '' ? [] : [`Commit ${commitText(commit)}`]),
    `bind-agent-gateway ${escapeMarkdown(version, 50)}`,
  ];
  return `<sub>${facts.join(' · ')}</sub>`;
}

function tellCuts(cuts: readonly Cut[], { runUrl }: CommentInput): string {
  const where = link('step summary of the run', runUrl);
  return `**Cut to fit into a comment:** ${cutsText(cuts)}. The full plan is in the ${where} and in the plan file.`;
}

/** @returns the base64 that an earlier comment carries, unread; undefined when it carries none */
export function payloadOf(body: string): string | undefined {
  const [last = ''] = body.trimEnd().split(/\r?\n/).slice(-1);
  return /^<!-- plan:([A-Za-z\d+/]+={0,2}) -->$/.exec(last)?.[1];
}

function payloadLine(payload = ''): string {
  const isSafe = payload !== '' && payload.length <= MAX_PAYLOAD && /^[A-Za-z\d+/]+={0,2}$/.test(payload);
  return isSafe ? `<!-- plan:${payload} -->\n` : '';
}
