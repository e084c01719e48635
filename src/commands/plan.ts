import type { PlanInputs, Read } from '../inputs.js';
import { hasChanges } from '../plan/plan.js';
import { writeGuardrailFiles } from './guardrail-files.js';
import { checkFailure, look, unread, type Looked } from './look.js';
import { outcomeOf, withComment, type Known, type Outcome } from './outcome.js';
import { openPlanComment } from './plan-comment.js';
import { writePlanFile } from './plan-file.js';
import { prepare } from './prepare.js';
import type { Session } from './session.js';

/** What would be done, for review, also on the pull request. Writes nothing in Google Cloud. */
export async function planCommand(read: Read<PlanInputs>, session: Session): Promise<Outcome> {
  const { inputs } = read;
  const prepared = await prepare(read, session);
  const comment = openPlanComment({ ...inputs, speaker: 'plan', insists: false }, prepared.desired, session);
  const outcome = await look(prepared, inputs.universe, session).then(
    async (looked) => planned(looked, await writeFiles(looked, session.env), inputs),
    async (error: unknown) => {
      // What stands there was planned from something else, and is not what this commit would do.
      await comment.show(unread(error));
      throw error;
    },
  );
  return withComment(outcome, await comment.show({ state: 'planned', open: [], ...outcome.summary }));
}

type Files = Required<Pick<Known, 'planFile' | 'guardrailFiles'>>;

async function writeFiles(looked: Looked, env: NodeJS.ProcessEnv): Promise<Files> {
  const planFile = await writePlanFile(looked.plan, env);
  return { planFile, guardrailFiles: await writeGuardrailFiles(looked, planFile) };
}

function planned(looked: Looked, files: Files, { failOnChanges }: PlanInputs): Outcome {
  const changes = hasChanges(looked.plan);
  const unwanted =
    changes && failOnChanges
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
    ...files,
    failures: failed ? [failed] : [],
    next: changes ? ['Review the plan, then apply it.'] : [],
  });
}
