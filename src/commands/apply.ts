import { applyPlan } from '../apply/apply.js';
import { createProgress } from '../apply/progress.js';
import type { ApplyResult } from '../apply/result.js';
import { inputOrigin, problem, type Problem } from '../config/problems.js';
import { RUN_AGAIN } from '../explain.js';
import type { Failure } from '../failure.js';
import type { ApplyInputs, Read } from '../inputs.js';
import { ruleConfig } from '../plan/access/grants.js';
import { switchCommands, switchHindrances } from '../plan/access/switch.js';
import { hasChanges } from '../plan/plan.js';
import { planDifference } from '../plan/difference.js';
import { isChange, type Change, type Plan } from '../plan/types.js';
import { notApproved } from './approval.js';
import { checkFailure, look, unread, type Looked } from './look.js';
import { outcomeOf, withComment, type Known, type Outcome } from './outcome.js';
import { openPlanComment, type Content, type PlanComment } from './plan-comment.js';
import { prepare } from './prepare.js';
import { PlanFileError, readPlanFile, writePlanFile, type ReviewedPlan } from './plan-file.js';
import type { Session } from './session.js';

/** Reads the world again, plans again, and carries the plan out if it is the reviewed one. */
export async function applyCommand(read: Read<ApplyInputs>, session: Session): Promise<Outcome> {
  const { inputs } = read;
  const start = session.clock.now();
  const reviewed = await readReviewed(inputs);
  const prepared = await prepare({ inputs, problems: [...read.problems, ...reviewed.problems] }, session);
  const insists = inputs.approval === 'comment';
  const comment = openPlanComment({ ...inputs, speaker: 'apply', insists }, prepared.desired, session);
  const looked = await look(prepared, inputs.universe, session, { forApply: true }).catch(async (error: unknown) => {
    await comment.show(unread(error));
    throw error;
  });
  const { plan } = looked;
  const planFile = await writePlanFile(plan, session.env);
  const end: End = (more) => outcomeOf({ title: 'Agent Gateway apply', ...looked, planFile, ...more });

  const refusal =
    checkFailure(plan) ??
    notReviewed(plan, reviewed.plan, inputs.planDigest) ??
    (insists ? await notApproved(plan, comment) : undefined);
  if (refusal) {
    const outcome = end({ failures: [refusal], next: [] });
    return said(comment, outcome, { state: 'failed', open: [], onlySamePlan: true });
  }
  if (!hasChanges(plan)) return said(comment, end({ failures: [], next: [] }), { state: 'applied', open: [] });

  const applying = said(comment, end({ failures: [], next: [] }), { state: 'applying', open: [] });
  // Whoever insists on the comment gets no apply without it; for all others it need not be waited for.
  if (inputs.comment === 'always') {
    const told = await applying;
    // A run that was stopped meanwhile says so below: the comment may say "Applying" already.
    if (told.failures.length > 0 && !session.signal.aborted) return told;
  }
  const result = await carryOut(looked, inputs, session, start);
  await applying;
  const failures = carryingOn(result.failures);
  const outcome = end({ result, failures, next: [...delays(plan), ...migrationNext(looked, inputs.universe)] });
  return said(comment, outcome, {
    state: failures.length > 0 ? 'failed' : 'applied',
    open: outcome.summary.open ?? [],
    elapsedMs: session.clock.now() - start,
  });
}

/** Whatever else has to be put right: a run that began to write is carried on by the next one, which is said last. */
function carryingOn(failures: readonly Failure[]): Failure[] {
  return failures.map((failure, index) => {
    const next = failure.next.filter((line) => line !== RUN_AGAIN);
    return { ...failure, next: index === failures.length - 1 ? [...next, RUN_AGAIN] : next };
  });
}

/** "Up to 15 minutes" is said of policies (Google's "Route Agent Runtime traffic through Agent Gateway" page). */
function delays(plan: Plan): string[] {
  const isChanged = (...layers: Change['layer'][]): boolean =>
    plan.changes.some((change) => isChange(change) && layers.includes(change.layer));
  return [
    ...(isChanged('endpoint', 'grant') ? ['New grants and registrations take some minutes to count everywhere.'] : []),
    ...(isChanged('guardrail') ? ['Changes of guardrails take up to 15 minutes to count.'] : []),
  ];
}

/** What is left of a move from allow policies (V1) to access policies (V2), which a plan without changes says in full. */
function migrationNext({ plan, observed }: Looked, universe: string): string[] {
  const { grantModel, checks } = plan;
  const isMigrating = grantModel?.writes.includes('V2') === true && !grantModel.decides.includes('V2');
  if (!isMigrating) return [];
  const ids = switchHindrances(checks);
  if (ids.length > 0) {
    return [`The access rules are written. Before the gateway is switched to them, see what ${ids.join(', ')} says.`];
  }
  const commands = switchCommands(observed, universe);
  return commands.length === 0
    ? ['The access rules are written.']
    : [
        `The access rules are written and read back. Two minutes from now the gateway may be switched to them: ${commands.join(' && ')}`,
      ];
}

/** The outcome of a run that knows its plan. */
type End = (more: Pick<Known, 'failures' | 'next' | 'result'>) => Outcome;

/** @returns the outcome after the pull request was told of it */
async function said(
  comment: PlanComment,
  outcome: Outcome,
  more: Pick<Content, 'state' | 'open' | 'elapsedMs' | 'onlySamePlan'>,
): Promise<Outcome> {
  return withComment(outcome, await comment.show({ ...outcome.summary, ...more }));
}

function carryOut(
  { desired, plan, observed, google }: Looked,
  inputs: ApplyInputs,
  session: Session,
  start: number,
): Promise<ApplyResult> {
  const { clock, signal, newRequestId, random, log } = session;
  return applyPlan(
    plan,
    observed,
    {
      propagationWaitMs: inputs.propagationWaitMs,
      engineWritesPerMinute: inputs.engineWritesPerMinute,
      rollback: inputs.rollback,
      config: ruleConfig(desired),
    },
    { google, clock, signal, newRequestId, random, progress: createProgress(log, clock, start) },
  );
}

/** A plan file that cannot be read is bad input like any other: it is told before anything is sent. */
async function readReviewed({ planFile }: ApplyInputs): Promise<{ plan?: ReviewedPlan; problems: readonly Problem[] }> {
  if (planFile === '') return { problems: [] };
  try {
    return { plan: await readPlanFile(planFile), problems: [] };
  } catch (error) {
    if (!(error instanceof PlanFileError)) throw error;
    const fix = 'Pass the plan_file output of the plan step.';
    return { problems: [problem(inputOrigin('plan_file'), error.message, fix)] };
  }
}

/**
 * A reviewed plan only ever makes apply refuse: what is done is what the live plan says, never what a file says.
 *
 * @returns why the live plan is not the reviewed one, or undefined when it is or none was given
 */
function notReviewed(live: Plan, reviewed: ReviewedPlan | undefined, planDigest: string): Failure | undefined {
  const refuse = (...lines: string[]): Failure => ({
    reason: 'plan-changed',
    message: [...lines, 'Nothing was written.'].join('\n'),
    next: ['Plan again, review the new plan, then apply it.'],
  });
  if (reviewed && reviewed.digest !== live.digest) {
    return refuse('The live plan is not the reviewed one:', ...planDifference(reviewed, live));
  }
  if (reviewed?.isAltered) return refuse('The plan file was altered: its digest is not that of its content.');
  if (planDigest === '' || planDigest === live.digest) return undefined;
  return refuse(
    `The live plan has the digest ${live.digest}, the reviewed one ${planDigest}: the world or the config changed since.`,
  );
}
