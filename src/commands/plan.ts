import type { PlanInputs, Read } from '../inputs.js';
import { hasChanges } from '../plan/plan.js';
import { checkFailure, look } from './look.js';
import { outcomeOf, type Outcome } from './outcome.js';
import { writePlanFile } from './plan-file.js';
import type { Session } from './session.js';

/** What would be done, for review. Writes nothing in Google Cloud. */
export async function planCommand(read: Read<PlanInputs>, session: Session): Promise<Outcome> {
  const looked = await look(read, session);
  const planFile = await writePlanFile(looked.plan, session.env);
  const changes = hasChanges(looked.plan);
  const unwanted =
    changes && read.inputs.failOnChanges
      ? {
          reason: 'changes-found' as const,
          message: 'The plan has changes, and fail_on_changes is set.',
          next: ['Apply the plan.'],
        }
      : undefined;
  const failed = checkFailure(looked.plan) ?? unwanted;
  return outcomeOf({
    title: 'Agent Gateway plan',
    ...looked,
    planFile,
    failures: failed ? [failed] : [],
    next: changes ? ['Review the plan, then apply it.'] : [],
  });
}
