import type { Failure } from '../failure.js';
import type { Read, VerifyInputs } from '../inputs.js';
import { planDifference } from '../plan/difference.js';
import { hasChanges } from '../plan/plan.js';
import { isChange, type Change, type Plan } from '../plan/types.js';
import { checkFailure, look } from './look.js';
import { outcomeOf, type Outcome } from './outcome.js';
import { prepare } from './prepare.js';
import type { Session } from './session.js';

/** Is everything still as declared? Writes nothing in Google Cloud. */
export async function verifyCommand(read: Read<VerifyInputs>, session: Session): Promise<Outcome> {
  const looked = await look(await prepare(read, session), read.inputs.universe, session);
  const failure = checkFailure(looked.plan) ?? driftOf(looked.plan);
  return outcomeOf({
    title: 'Agent Gateway verification',
    ...looked,
    planFile: '',
    failures: failure ? [failure] : [],
    next: [],
  });
}

function driftOf(plan: Plan): Failure | undefined {
  if (!hasChanges(plan)) return undefined;
  const isDrifted = (layer: Change['layer']): boolean =>
    plan.changes.some((change) => change.layer === layer && isChange(change));
  const drift = planDifference({ ...plan, changes: [] }, { ...plan, changes: plan.changes.filter(isChange) });
  return {
    reason: 'changes-found',
    message: [
      'The world is not as declared any more. To put it right would take:',
      ...drift.map((line) => line.replace(/^now: +/, '- ')),
    ].join('\n'),
    next: [
      'Run apply with the same config.',
      ...(isDrifted('binding')
        ? ['A deploy or a `terraform apply` of the engine resets its binding: run apply after every deploy.']
        : []),
      ...(isDrifted('guardrail')
        ? ['Who changed a guardrail stands in the audit log of the organization (orgpolicy.googleapis.com).']
        : []),
    ],
  };
}
