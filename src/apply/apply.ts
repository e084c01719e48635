import type { Observed } from '../observe/observed.js';
import { projectsOf } from '../plan/bindings.js';
import { groupBy } from '../plan/canonical.js';
import {
  allowPolicyGrants,
  bindingChanges,
  directionOf,
  endpointChanges,
  grantChanges,
  isChange,
  isRemoval,
  type BindingChange,
  type EndpointChange,
  type GrantChange,
  type Plan,
  type PolicyVersion,
} from '../plan/types.js';
import { DIRECTIONS } from '../config/desired.js';
import { byWeight } from '../explain.js';
import { createAccessRunner, type Services } from './access.js';
import type { ApplyDeps } from './deps.js';
import { createEngineRunner, type EngineRunner, type Reliance } from './engine.js';
import { createGuardrailRunner } from './guardrails.js';
import { createLimiter, ENGINE_WRITES_PER_MINUTE } from '../limiter.js';
import { NOTHING_REMOVED, prune } from './prune.js';
import type { ApplyResult, EngineResult, GuardrailResult, RemovalResults, ServiceResult } from './result.js';
import { finishService, prepareService, type ServiceTask } from './service.js';

export interface ApplyOptions {
  /** Milliseconds between the last new grant and the first bind that relies on it. */
  readonly propagationWaitMs: number;
  /** The desired-state file, whose access rules (V2) are written; absent in a run with inputs alone. */
  readonly config?: string | undefined;
  /** The project's quota of engine writes in the region; Google's default when absent. */
  readonly engineWritesPerMinute?: number;
}

/**
 * Carries a plan out, in the order that never cuts a running agent off: register, grant, wait until new grants count,
 * bind, poll; what only takes away comes last. Guardrails are loosened before the first binding, and tightened after the last
 * one when all went well. Each engine moves on as soon as its own grants are there: one slow engine does not hold the others,
 * and one failure stops only what relies on it. Members and services are taken away at the very end, and not at all while a
 * service or an engine is not where it should be.
 *
 * @returns how every service, engine, guardrail and removal ended; it never throws for what Google or the network do
 */
export async function applyPlan(
  plan: Plan,
  observed: Observed,
  options: ApplyOptions,
  deps: ApplyDeps,
): Promise<ApplyResult> {
  const beat = new AbortController();
  const heartbeat = deps.progress.heartbeat(beat.signal);
  try {
    const registered = startServices(plan, observed, deps);
    const decides = plan.grantModel?.decides.includes('V2') ?? false;
    const access = createAccessRunner(plan, { observed, config: options.config, decides }, deps);
    const services = access.grant(registered);
    const guardrails = createGuardrailRunner(plan, deps);
    const loosened = guardrails.run('before-bindings');
    const engines = createEngineRunner({
      projects: projectsOf(observed),
      limiter: createLimiter(options.engineWritesPerMinute ?? ENGINE_WRITES_PER_MINUTE, 60_000, deps.clock),
      propagationWaitMs: options.propagationWaitMs,
      principalOf: (name) => observed.engines.find((engine) => engine.name === name)?.principal,
      loosened,
      deps,
    });
    const results = await runEngines(plan, { V1: registered, V2: services }, engines);
    const [prepared] = await Promise.all([Promise.all(services.values()), loosened]);
    // While an engine is not where it should be, it may still need what would be taken out.
    const settled = results.every(({ status }) => status !== 'failed' && status !== 'pending');
    const finished = settled
      ? await Promise.all(prepared.map((result) => finishService(result, plan, deps)))
      : prepared;
    // An engine that has not come to its gateway could not even be deployed once others are forbidden.
    if (settled) await guardrails.run('after-bindings');
    const isDone = settled && finished.every(({ status }) => status !== 'failed');
    const removals = isDone ? await prune(plan, observed, access, deps) : NOTHING_REMOVED;
    return collect(finished, results, guardrails.results, removals);
  } finally {
    beat.abort();
    await heartbeat;
  }
}

/** Every service is registered and granted once, whatever the number of keys and engines that use it. */
function startServices(plan: Plan, observed: Observed, deps: ApplyDeps): Map<string, Promise<ServiceResult>> {
  const grants = groupBy(allowPolicyGrants(plan).filter(stays), ({ service }) => service);
  const tasks = new Map<string, ServiceTask>();
  for (const change of endpointChanges(plan).filter(stays)) {
    // A key may adopt a service that another key owns: then the owner's change is the one to carry out.
    if (tasks.has(change.service) && change.action === 'adopt') continue;
    tasks.set(change.service, { change, grants: grants.get(change.service) ?? [] });
  }
  return new Map([...tasks].map(([name, task]) => [name, prepareService(task, observed, deps)]));
}

/** @param services by what is granted on them: V2 is settled when the rules are written, V1 before that */
async function runEngines(
  plan: Plan,
  services: Readonly<Record<PolicyVersion, Services>>,
  engines: EngineRunner,
): Promise<EngineResult[]> {
  // Once for all: a fleet has as many grants as engines times endpoints.
  const byEngine = groupBy(grantChanges(plan).filter(stays), ({ engine }) => engine);
  const decides: readonly PolicyVersion[] = plan.grantModel?.decides ?? ['V1'];
  const relies = (change: BindingChange): Reliance[] =>
    (byEngine.get(change.engine) ?? []).flatMap(({ service: name, action, model }) => {
      const version = model ?? 'V1';
      const service = services[version].get(name);
      // Rules that are only prepared (`migrate`) hold no engine up.
      if (!service || !decides.includes(version)) return [];
      return [{ service, isNew: action === 'create' }];
    });
  const bindings = bindingChanges(plan);
  const first = bindings.filter((change) => !onlyTakesAway(change));
  const results = await Promise.all(first.map((change) => engines.run(change, relies(change))));
  await Promise.all(services.V2.values());
  const last = bindings.filter(onlyTakesAway);
  return [...results, ...(await Promise.all(last.map((change) => engines.run(change, []))))];
}

const stays = (change: EndpointChange | GrantChange): boolean => !isRemoval(change);

function onlyTakesAway(change: BindingChange): boolean {
  if (!isChange(change)) return false;
  return DIRECTIONS.every((direction) => {
    const { from, to } = directionOf(change, direction);
    return to === null || to === from;
  });
}

function collect(
  services: readonly ServiceResult[],
  engines: readonly EngineResult[],
  guardrails: ReadonlyMap<string, GuardrailResult>,
  removals: RemovalResults,
): ApplyResult {
  const ended = [...guardrails.values(), ...removals.members.values(), ...removals.services.values()];
  // One failed write may be that of many services.
  const unprepared = services.flatMap((service) => service.unprepared ?? []);
  const failed = [...services, ...engines, ...ended].flatMap(({ failure }) => failure ?? []);
  const failures = [...new Set([...failed, ...unprepared])];
  return {
    removals,
    services: new Map(services.map((result) => [result.service, result])),
    engines: new Map(engines.map((result) => [result.engine, result])),
    guardrails,
    failures: byWeight(failures),
  };
}
