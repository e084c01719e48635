import { applyPlan, type ApplyOptions } from '../../src/apply/apply.js';
import type { ApplyDeps } from '../../src/apply/deps.js';
import { createProgress } from '../../src/apply/progress.js';
import type { ApplyResult } from '../../src/apply/result.js';
import type { Desired } from '../../src/config/desired.js';
import type { Google } from '../../src/google/index.js';
import { observe } from '../../src/observe/observe.js';
import type { Observed } from '../../src/observe/observed.js';
import { makePlan } from '../../src/plan/plan.js';
import type { Plan } from '../../src/plan/types.js';
import { egressGateway, gatewayNamed, ingressGateway, UNIVERSE } from './builders.js';
import { fakeClock, type FakeClock } from './clock.js';
import { FakeGoogle, type FakeOptions } from './google.js';
import { recordingLog, type RecordingLog } from './log.js';

export interface Stage {
  readonly clock: FakeClock;
  readonly google: FakeGoogle;
  readonly log: RecordingLog;
  readonly deps: ApplyDeps;
  /** Ends the run with this reason. */
  readonly stop: (reason: Error) => void;
}

/** A fake Google Cloud with both gateways, and everything that carrying a plan out needs. */
export function stage(options: Omit<FakeOptions, 'clock'> = {}): Stage {
  const clock = fakeClock();
  const google = new FakeGoogle({ clock, ...options });
  google.gateways.set(gatewayNamed('egress'), egressGateway());
  google.gateways.set(gatewayNamed('ingress'), ingressGateway());
  return anotherRun({ clock, google });
}

/** A run of its own on the same Google Cloud. */
export function anotherRun({ clock, google }: Pick<Stage, 'clock' | 'google'>): Stage {
  const log = recordingLog();
  const controller = new AbortController();
  let requests = 0;
  const deps: ApplyDeps = {
    google,
    clock,
    signal: controller.signal,
    progress: createProgress(log, clock, clock.now()),
    newRequestId: () => `request-${(requests += 1)}`,
    random: () => 0.5,
  };
  return { clock, google, log, deps, stop: (reason) => controller.abort(reason) };
}

/** The clients of a stage, some of them replaced. */
export function clientsOf({ google }: Pick<Stage, 'google'>, replaced: Partial<Google>): Google {
  const { aiplatform, agentregistry, iap, networkservices, networksecurity, resourcemanager } = google;
  const { orgpolicy, accesspolicies } = google;
  return {
    ...{ aiplatform, agentregistry, iap, networkservices, networksecurity, resourcemanager },
    ...{ orgpolicy, accesspolicies },
    ...replaced,
  };
}

export interface Looked {
  readonly observed: Observed;
  readonly plan: Plan;
}

/** Reads the fake world and plans. */
export async function look({ google }: Pick<Stage, 'google'>, desired: Desired): Promise<Looked> {
  const observed = await observe(desired, google, UNIVERSE);
  return { observed, plan: makePlan(desired, observed, UNIVERSE) };
}

export interface Applied extends Looked {
  readonly result: ApplyResult;
}

/** Reads, plans and applies, as a run does; calls before the apply are forgotten. */
export async function run(
  on: Stage,
  desired: Desired,
  propagationWaitMs = 0,
  options: Omit<ApplyOptions, 'propagationWaitMs'> = {},
): Promise<Applied> {
  const looked = await look(on, desired);
  on.google.calls.length = 0;
  const all = { propagationWaitMs, config: desired.config, ...options };
  const result = await applyPlan(looked.plan, looked.observed, all, on.deps);
  return { ...looked, result };
}
