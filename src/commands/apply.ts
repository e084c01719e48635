import { applyPlan } from '../apply/apply.js';
import { createProgress } from '../apply/progress.js';
import type { ApplyResult } from '../apply/result.js';
import type { Failure } from '../failure.js';
import type { ApplyInputs, Read } from '../inputs.js';
import { hasChanges } from '../plan/plan.js';
import { planDifference } from '../plan/difference.js';
import type { Plan } from '../plan/types.js';
import { checkFailure, look, type Looked } from './look.js';
import { outcomeOf, type Outcome } from './outcome.js';
import { PlanFileError, readPlanFile, writePlanFile } from './plan-file.js';
import type { Session } from './session.js';

/** Reads the world again, plans again, and carries the plan out if it is the reviewed one. */
export async function applyCommand(read: Read<ApplyInputs>, session: Session): Promise<Outcome> {
  const start = session.clock.now();
  const looked = await look(read, session);
  const planFile = await writePlanFile(looked.plan, session.env);
  const known = { title: 'Agent Gateway apply', ...looked, planFile };
  const refusal = checkFailure(looked.plan) ?? (await notReviewed(looked.plan, read.inputs));
  if (refusal) return outcomeOf({ ...known, failure: refusal, next: [] });
  if (!hasChanges(looked.plan)) return outcomeOf({ ...known, next: [] });
  const result = await carryOut(looked, read.inputs, session, start);
  return outcomeOf({
    ...known,
    result,
    ...(result.failure ? { failure: result.failure } : {}),
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

/**
 * A reviewed plan only ever makes apply refuse: what is done is what the live plan says, never what a file says.
 *
 * @returns why the live plan is not the reviewed one, or undefined when it is or none was given
 */
async function notReviewed(live: Plan, { planFile, planDigest }: ApplyInputs): Promise<Failure | undefined> {
  const next = ['Plan again, review the new plan, then apply it.'];
  if (planFile !== '') {
    try {
      const reviewed = await readPlanFile(planFile);
      if (reviewed.digest !== live.digest) {
        const lines = planDifference(reviewed, live);
        return {
          reason: 'plan-changed',
          message: ['The live plan is not the reviewed one:', ...lines].join('\n'),
          next,
        };
      }
    } catch (error) {
      if (!(error instanceof PlanFileError)) throw error;
      return { reason: 'invalid-input', message: error.message, next: ['Pass the plan_file output of the plan step.'] };
    }
  }
  if (planDigest === '' || planDigest === live.digest) return undefined;
  const message = `The live plan has the digest ${live.digest}, the reviewed one ${planDigest}: the world or the config changed since.`;
  return { reason: 'plan-changed', message, next };
}
