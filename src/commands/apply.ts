import { applyPlan } from '../apply/apply.js';
import { createProgress } from '../apply/progress.js';
import type { ApplyResult } from '../apply/result.js';
import { inputOrigin, problem, type Problem } from '../config/problems.js';
import type { Failure } from '../failure.js';
import type { ApplyInputs, Read } from '../inputs.js';
import { hasChanges } from '../plan/plan.js';
import { planDifference } from '../plan/difference.js';
import type { Plan } from '../plan/types.js';
import { checkFailure, look, type Looked } from './look.js';
import { outcomeOf, type Outcome } from './outcome.js';
import { PlanFileError, readPlanFile, writePlanFile, type ReviewedPlan } from './plan-file.js';
import type { Session } from './session.js';

/** Reads the world again, plans again, and carries the plan out if it is the reviewed one. */
export async function applyCommand(read: Read<ApplyInputs>, session: Session): Promise<Outcome> {
  const start = session.clock.now();
  const reviewed = await readReviewed(read.inputs);
  const looked = await look({ ...read, problems: [...read.problems, ...reviewed.problems] }, session, {
    forApply: true,
  });
  const planFile = await writePlanFile(looked.plan, session.env);
  const known = { title: 'Agent Gateway apply', ...looked, planFile };
  const refusal = checkFailure(looked.plan) ?? notReviewed(looked.plan, reviewed.plan, read.inputs.planDigest);
  if (refusal) return outcomeOf({ ...known, failures: [refusal], next: [] });
  if (!hasChanges(looked.plan)) return outcomeOf({ ...known, failures: [], next: [] });
  const result = await carryOut(looked, read.inputs, session, start);
  return outcomeOf({
    ...known,
    result,
    failures: result.failures,
    next: ['New grants and registrations take some minutes to count everywhere.'],
  });
}

function carryOut(
  { plan, observed, google }: Looked,
  inputs: ApplyInputs,
  session: Session,
  start: number,
): Promise<ApplyResult> {
  const { clock, signal, newRequestId, random, log } = session;
  return applyPlan(
    plan,
    observed,
    { propagationWaitMs: inputs.propagationWaitMs },
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
