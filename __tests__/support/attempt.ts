import { applyPlan } from '../../src/apply/apply.js';
import { explain } from '../../src/explain.js';
import type { Failure } from '../../src/failure.js';
import { GoogleError } from '../../src/google/errors.js';
import type { Desired } from '../../src/config/desired.js';
import type { Google } from '../../src/google/index.js';
import { observe } from '../../src/observe/observe.js';
import { ruleConfig } from '../../src/plan/access/grants.js';
import { planHosts } from '../../src/plan/hosts.js';
import { makePlan } from '../../src/plan/plan.js';
import { grantChanges } from '../../src/plan/types.js';
import { look, type Stage } from './apply.js';
import { staged, type World } from './arbitrary.js';
import { EGRESSOR, REGION, UNIVERSE } from './builders.js';
import type { Declared } from './judge.js';
import { membersIn } from './snapshot.js';

export interface AttemptOptions {
  /** Stands in for the stage's own clients. */
  readonly google?: Google;
  readonly propagationWaitMs?: number;
  readonly rollback?: boolean;
  /** Comes between reading and writing. */
  readonly meanwhile?: () => void;
}

/**
 * A whole run, as the command does it: read, plan, apply.
 *
 * @returns what failed; an error that is no answer of Google or the network goes on, since it is a bug
 */
export async function attempt(
  on: Stage,
  desired: Desired,
  { google = on.google, propagationWaitMs = 0, rollback = false, meanwhile }: AttemptOptions = {},
): Promise<readonly Failure[]> {
  try {
    const observed = await observe(desired, google, UNIVERSE);
    const plan = makePlan(desired, observed, UNIVERSE);
    meanwhile?.();
    const options = { propagationWaitMs, rollback, config: ruleConfig(desired) };
    return (await applyPlan(plan, observed, options, { ...on.deps, google })).failures;
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error;
    return [explain(error, 'Reading the world', 'api-error')];
  }
}

/** What a run would declare in this world. */
export const declaredIn = (world: World, desired: Desired): Promise<Declared> => declaredOn(staged(world), desired);

/** What a run would declare as things are now: an engine gets what its environment asks for where others serve it. */
export async function declaredOn(on: Stage, desired: Desired): Promise<Declared> {
  const { plan, observed } = await look(on, desired);
  const { wanted } = planHosts(desired, observed, { region: REGION, universe: UNIVERSE });
  const urls = new Map([...wanted].map(([key, items]) => [key, items.map(({ url }) => url)]));
  const carries = desired.endpoints.some(({ carryOver }) => carryOver);
  const registryWide = (observed.registryPolicy?.bindings ?? []).filter(({ role }) => role === EGRESSOR);
  return { desired, urls, carried: carries && grantChanges(plan).length > 0 ? membersIn(registryWide) : [] };
}
