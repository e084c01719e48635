import type { Desired, Origin } from '../config/desired.js';
import { explain } from '../explain.js';
import type { Failure, FailureReason } from '../failure.js';
import type { Google } from '../google/index.js';
import { observe } from '../observe/observe.js';
import type { Observed } from '../observe/observed.js';
import { lackingPermissionsOf } from '../observe/permissions.js';
import { isBuilt } from '../plan/checks/index.js';
import { neededPermissions } from '../plan/permissions.js';
import { makePlan } from '../plan/plan.js';
import type { Finding, Plan } from '../plan/types.js';
import { planHeadline, planSections } from '../report/plan-text.js';
import { annotateFindings } from './annotate.js';
import type { Content } from './plan-comment.js';
import type { Prepared } from './prepare.js';
import type { Session } from './session.js';

/** The desired state, the world, and what lies between them. */
export interface Looked {
  readonly desired: Desired;
  readonly observed: Observed;
  readonly plan: Plan;
  readonly google: Google;
}

/**
 * What every command begins with: look at the world, plan, and say so. Writes nothing.
 *
 * @param forApply the plan is to be carried out: ask whether the caller may
 */
export async function look(
  { desired, google }: Prepared,
  universe: string,
  session: Session,
  { forApply = false }: { readonly forApply?: boolean } = {},
): Promise<Looked> {
  for (const [id, { origin }] of Object.entries(desired.checkLevels)) {
    if (!isBuilt(id)) warn(`The check ${id} is not part of this version: its level has no effect.`, origin, session);
  }
  session.log.info(`Reading project ${desired.project}, region ${desired.region}`);
  const seen = await observe(desired, google, universe);
  const draft = makePlan(desired, seen, universe);
  const lackingPermissions = forApply ? await lackingPermissionsOf(neededPermissions(draft, seen), google) : [];
  const observed = { ...seen, lackingPermissions };
  const plan = lackingPermissions.length > 0 ? makePlan(desired, observed, universe) : draft;
  const { project, registryProject } = observed;
  if (registryProject.id !== project.id) {
    session.log.info(`Registry and grants are those of project ${registryProject.id}, where the egress gateway is.`);
  }
  sayPlan(plan, session);
  return { desired, observed, plan, google };
}

function warn(message: string, origin: Origin, { log }: Session): void {
  log.warning(message, origin.kind === 'file' ? origin : {});
}

function sayPlan(plan: Plan, { log }: Session): void {
  log.info(planHeadline(plan));
  for (const { title, lines } of planSections(plan)) {
    log.group(title, () => lines.forEach((line) => log.info(line)));
  }
  annotateFindings(plan.checks, log);
  log.info(`Digest ${plan.digest}`);
}

/** @returns the failure of a run that could not even look */
export function notRead(error: unknown): Failure {
  const failure = explain(error, 'Reading the world', 'api-error');
  return { ...failure, message: `${failure.message} Nothing was written.` };
}

/** @returns what the plan comment says of it */
export function unread(error: unknown): Content {
  const failures = [notRead(error)];
  return { state: 'failed', engines: [], failures, next: [], open: [] };
}

/** @returns the failure of a plan that must not be applied, or undefined */
export function checkFailure({ checks }: Plan): Failure | undefined {
  const errors = checks.filter(({ level }) => level === 'error');
  const [first] = errors;
  if (!first) return undefined;
  const others = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return {
    reason: reasonOf(errors),
    message: `${first.message}${others} Nothing was written.`,
    next: [...new Set(errors.map(({ remedy }) => remedy))],
  };
}

/** Some checks have a reason of their own, which holds when nothing else is wrong. */
const REASONS: Readonly<Record<string, FailureReason>> = {
  'api-disabled': 'api-disabled',
  'permission-missing': 'permission-denied',
  'guardrail-not-readable': 'permission-denied',
};

function reasonOf(errors: readonly Finding[]): FailureReason {
  const reasons = new Set(errors.map(({ id }) => REASONS[id] ?? 'check-failed'));
  const [only] = reasons;
  return only !== undefined && reasons.size === 1 ? only : 'check-failed';
}
