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
import type { Failure } from '../failure.js';
import { createLimiter, ENGINE_WRITES_PER_MINUTE } from '../limiter.js';
import { createAccessRunner, type Services } from './access.js';
import type { ApplyDeps } from './deps.js';
import { runEngine } from './engine.js';
import type { EngineOptions } from './engine-write.js';
import { createGuardrailRunner } from './guardrails.js';
import { moveEngines } from './move.js';
import { NOTHING_REMOVED, prune } from './prune.js';
import type { EngineTask } from './ready.js';
import type { ApplyResult, EngineResult, GuardrailResult, RemovalResults, ServiceResult } from './result.js';
import { finishService, prepareService, type ServiceTask } from './service.js';

export interface ApplyOptions {
  /** Milliseconds between the last new grant and the first bind that relies on it. */
  readonly propagationWaitMs: number;
  /** The desired-state file, whose access rules (V2) are written; absent in a run with inputs alone. */
  readonly config?: string | undefined;
  /** The project's quota of engine writes in the region; Google's default when absent. */
  readonly engineWritesPerMinute?: number;
  /** Give an engine whose new binding failed its previous one back. */
  readonly rollback?: boolean;
}

/**
 * Carries a plan out, in the order that never cuts a running agent off: register, grant, wait until new grants count,
 * bind, poll; what only takes away comes last. Guardrails are loosened before the first binding, and tightened after the last
 * one when all went well. Each engine moves on as soon as its own grants are there: one slow engine does not hold the others,
 * and one failure stops only what relies on it. Members and services are taken away at the very end, and not at all while something
 * else is not where it should be.
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
    const { results, failures } = await runEngines(
      plan,
      { V1: registered, V2: services },
      {
        projects: projectsOf(observed),
        limiter: createLimiter(options.engineWritesPerMinute ?? ENGINE_WRITES_PER_MINUTE, 60_000, deps.clock),
        propagationWaitMs: options.propagationWaitMs,
        rollback: options.rollback ?? false,
        previous: new Map(),
        principalOf: (name) => observed.engines.find((engine) => engine.name === name)?.principal,
        loosened,
        deps,
      },
    );
    const [prepared] = await Promise.all([Promise.all(services.values()), loosened]);
    // While an engine is not where it should be, it may still need what would be taken out.
    const settled = results.every(({ status }) => status !== 'failed' && status !== 'pending');
    const finished = settled
      ? await Promise.all(prepared.map((result) => finishService(result, plan, deps)))
      : prepared;
    // An engine that has not come to its gateway could not even be deployed once others are forbidden.
    if (settled) await guardrails.run('after-bindings');
    const ended = [...finished, ...guardrails.results.values()];
    const isDone = settled && ended.every(({ status }) => status !== 'failed');
    const removals = isDone ? await prune(plan, observed, access, deps) : NOTHING_REMOVED;
    return collect({ services: finished, engines: results, guardrails: guardrails.results, removals, failures });
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
  options: EngineOptions,
): Promise<{ results: EngineResult[]; failures: Failure[] }> {
  // Once for all: a fleet has as many grants as engines times endpoints.
  const byEngine = groupBy(grantChanges(plan).filter(stays), ({ engine }) => engine);
  const decides: readonly PolicyVersion[] = plan.grantModel?.decides ?? ['V1'];
  const taskOf = (change: BindingChange): EngineTask => ({
    change,
    relies: (byEngine.get(change.engine) ?? []).flatMap(({ service: name, action, model }) => {
      const version = model ?? 'V1';
      const service = services[version].get(name);
      // Rules that are only prepared (`migrate`) hold no engine up.
      if (!service || !decides.includes(version)) return [];
      return [{ service, isNew: action === 'create' }];
    }),
  });
  const bindings = bindingChanges(plan);
  const first = bindings.filter((change) => !onlyTakesAway(change));
  const [moved, ...results] = await Promise.all([
    moveEngines(first.filter(({ moves }) => moves).map(taskOf), options),
    ...first.filter(({ moves }) => !moves).map((change) => runEngine(taskOf(change), options)),
  ]);
  await Promise.all(services.V2.values());
  const last = bindings.filter(onlyTakesAway);
  const removed = await Promise.all(last.map((change) => runEngine({ change, relies: [] }, options)));
  return { results: [...moved.results, ...results, ...removed], failures: moved.failure ? [moved.failure] : [] };
}

const stays = (change: EndpointChange | GrantChange): boolean => !isRemoval(change);

function onlyTakesAway(change: BindingChange): boolean {
  if (!isChange(change)) return false;
  return DIRECTIONS.every((direction) => {
    const { from, to } = directionOf(change, direction);
    return to === null || to === from;
  });
}

/** How the parts of a run ended; `failures` are those of no part alone. */
interface Ended {
  readonly services: readonly ServiceResult[];
  readonly engines: readonly EngineResult[];
  readonly guardrails: ReadonlyMap<string, GuardrailResult>;
  readonly removals: RemovalResults;
  readonly failures: readonly Failure[];
}

function collect({ services, engines, guardrails, removals, failures }: Ended): ApplyResult {
  const last = [...guardrails.values(), ...removals.members.values(), ...removals.services.values()];
  // One failed write may be that of many services.
  const unprepared = services.flatMap((service) => service.unprepared ?? []);
  const ended = [...services, ...engines, ...last].flatMap(({ failure }) => failure ?? []);
  const failed = [...new Set([...ended, ...unprepared])];
  return {
    removals,
    services: new Map(services.map((result) => [result.service, result])),
    engines: new Map(engines.map((result) => [result.engine, result])),
    guardrails,
    failures: byWeight([...failed, ...failures]),
  };
}
