import type { Failure } from '../failure.js';
import type { Read, VerifyInputs } from '../inputs.js';
import { badgeOf, FAILED_BADGE } from '../report/badge.js';
import { driftOf, verdictOf, type LayerDrift } from '../report/drift.js';
import { driftAdvice, driftMessage, driftSections } from '../report/drift-text.js';
import { writeBadge } from './badge-file.js';
import { keepDriftIssue } from './drift-issue.js';
import { checkFailure, look, type Looked } from './look.js';
import { outcomeOf, withFailure, type Outcome } from './outcome.js';
import { prepare } from './prepare.js';
import type { Session } from './session.js';

/** Is everything still as declared? Writes nothing in Google Cloud. */
export async function verifyCommand(read: Read<VerifyInputs>, session: Session): Promise<Outcome> {
  const { universe, githubToken, issue } = read.inputs;
  const prepared = await prepare(read, session);
  const { desired } = prepared;
  const looked = await look(prepared, universe, session).catch(async (error: unknown) => {
    await writeBadge(FAILED_BADGE, desired, session);
    throw error;
  });
  const { plan } = looked;
  const drift = driftOf(plan);
  const outcome = verified(looked, drift);
  const { engines, verdict } = outcome.summary;
  sayDrift(drift, verdict, session);
  await writeBadge(badgeOf(plan, engines), desired, session);
  if (!issue) return outcome;
  const isBad = outcome.failures.length > 0;
  return withFailure(
    outcome,
    await keepDriftIssue({ plan, drift, engines, verdict, isBad }, githubToken, desired, session),
  );
}

/** The outcome of a verification always says how things stand. */
type Verified = Outcome & { readonly summary: { readonly verdict: string } };

function verified(looked: Looked, drift: readonly LayerDrift[]): Verified {
  const { plan } = looked;
  const failures = [checkFailure(plan), driftFailure(drift)].flatMap((failure) => failure ?? []);
  const outcome = outcomeOf({ title: 'Agent Gateway verification', ...looked, planFile: '', failures, next: [] });
  const verdict = verdictOf(plan, drift, outcome.summary.engines);
  return { ...outcome, summary: { ...outcome.summary, drift, verdict } };
}

function driftFailure(drift: readonly LayerDrift[]): Failure | undefined {
  if (drift.length === 0) return undefined;
  return { reason: 'changes-found', message: driftMessage(drift), next: driftAdvice(drift) };
}

function sayDrift(drift: readonly LayerDrift[], verdict: string, { log }: Session): void {
  for (const { title, lines } of driftSections(drift)) {
    log.group(title, () => lines.forEach((line) => log.info(line)));
  }
  log.info(verdict);
}
