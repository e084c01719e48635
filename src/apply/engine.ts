import type { Direction } from '../config/desired.js';
import { explain } from '../explain.js';
import { parseGatewayName, type ProjectRef } from '../google/names.js';
import type { AgentGatewayConfig } from '../google/types.js';
import { canonicalGateway, gatewayIn, onlyUnbinds, plannedStatus } from '../plan/bindings.js';
import { isChange, type BindingChange } from '../plan/types.js';
import { bind } from './bind.js';
import type { ApplyDeps } from './deps.js';
import { NotBound } from './errors.js';
import type { Limiter } from '../limiter.js';
import { patiently, type Patience } from './patience.js';
import { explainRefusal, isRefusedFor } from './refused.js';
import type { EngineResult, ServiceResult } from './result.js';

/** "Up to 15 minutes" (Google's "Route Agent Runtime traffic through Agent Gateway" page); each look is an engine write. */
const POLICY_DELAY: Patience = { longestPauseMs: 60_000, forMs: 15 * 60_000 };

export interface EngineRunnerOptions {
  readonly projects: readonly ProjectRef[];
  readonly limiter: Limiter;
  readonly propagationWaitMs: number;
  /** The agent identity of an engine. */
  readonly principalOf: (engine: string) => string | undefined;
  /** Settles when the guardrails are loosened as far as this run does it, with the directions in which it did. */
  readonly loosened: Promise<ReadonlySet<Direction>>;
  readonly deps: ApplyDeps;
}

/** A service that an engine cannot do without. */
export interface Reliance {
  readonly service: Promise<ServiceResult>;
  /** This run adds the engine to the service's policy. */
  readonly isNew: boolean;
}

export interface EngineRunner {
  /**
   * Binds one engine once the services it relies on are granted.
   *
   * @param relies services that grant to this engine, and whether it is a member there already
   * @returns how it ended; failures are part of the result
   */
  run(change: BindingChange, relies: readonly Reliance[]): Promise<EngineResult>;
}

export function createEngineRunner(options: EngineRunnerOptions): EngineRunner {
  return {
    async run(change, relies) {
      const before = { engine: change.engine, egress: change.egress.from, ingress: change.ingress.from };
      const services = await Promise.all(relies.map(({ service }) => service));
      if (services.some(({ failure }) => failure !== undefined)) return { ...before, status: 'pending' };
      if (!isChange(change)) return { ...before, status: plannedStatus(change) };
      try {
        const loosened = await options.loosened;
        if (relies.some(({ isNew }) => isNew)) await waitForGrants(change, options);
        return await bindNow(change, loosened, options);
      } catch (error) {
        const doing = `Binding engine ${JSON.stringify(change.displayName)} (${change.engine})`;
        const cause = await explainRefusal(error, options.principalOf(change.engine), options.deps.google);
        const failure = explain(cause, doing, 'bind-failed');
        const isOpen = failure.reason === 'timeout' || failure.reason === 'cancelled';
        options.deps.progress.step(label(change), isOpen ? 'stopped before the end' : 'FAILED');
        const now = await readBack(change, error, options);
        return { ...before, ...now, status: isOpen ? 'pending' : 'failed', failure };
      }
    },
  };
}

/** What an engine that could not be bound is bound to now, as far as that can still be found out. */
async function readBack(
  change: BindingChange,
  error: unknown,
  { projects, deps }: EngineRunnerOptions,
): Promise<Partial<Pick<EngineResult, 'egress' | 'ingress'>>> {
  if (error instanceof NotBound) return bindingIn(error.found, projects);
  if (deps.signal.aborted) return {};
  try {
    const engine = await deps.google.aiplatform.getEngine(change.engine);
    return bindingIn(engine.spec?.deploymentSpec?.agentGatewayConfig ?? {}, projects);
  } catch {
    // The failure that is being reported is the one that matters.
    return {};
  }
}

/** A new grant takes minutes to count; an engine that starts behind the gateway before that cannot reach a thing. */
async function waitForGrants(change: BindingChange, { propagationWaitMs, deps }: EngineRunnerOptions): Promise<void> {
  const reliesOnGrants = change.egress.to !== null && change.egress.to !== change.egress.from;
  if (!reliesOnGrants || propagationWaitMs === 0) return;
  deps.progress.step(
    label(change),
    `waiting ${propagationWaitMs / 1000} s for the new grants to take effect before binding`,
  );
  const done = deps.progress.waiting(label(change), 'waiting for the new grants to take effect');
  await deps.clock.sleep(propagationWaitMs, deps.signal).finally(done);
}

async function bindNow(
  change: BindingChange,
  loosened: ReadonlySet<Direction>,
  options: EngineRunnerOptions,
): Promise<EngineResult> {
  const { projects, deps } = options;
  deps.signal.throwIfAborted();
  const start = deps.clock.now();
  const config = await bindWhenAllowed(change, loosened, options);
  const tookMs = deps.clock.now() - start;
  const now = bindingIn(config, projects);
  deps.progress.step(label(change), `verified: egress ${shortName(now.egress)}, ingress ${shortName(now.ingress)}`);
  return { engine: change.engine, status: onlyUnbinds(change) ? 'unbound' : 'changed', ...now, tookMs };
}

/** A guardrail that this very run has loosened may still refuse for a while what it allows now. */
async function bindWhenAllowed(
  change: BindingChange,
  loosened: ReadonlySet<Direction>,
  { projects, limiter, deps }: EngineRunnerOptions,
): Promise<AgentGatewayConfig> {
  let refusal: unknown;
  let done = (): void => undefined;
  const attempt = async (): Promise<AgentGatewayConfig | undefined> => {
    try {
      return await bind(change, { projects, limiter }, deps);
    } catch (error) {
      if (!isRefusedFor(error, loosened)) throw error;
      if (refusal === undefined) {
        const what = 'waiting for the change of the organization policy to take effect (up to 15 minutes)';
        deps.progress.step(label(change), what);
        done = deps.progress.waiting(label(change), what);
      }
      refusal = error;
      return undefined;
    }
  };
  const config = await patiently(attempt, POLICY_DELAY, deps).finally(() => done());
  if (config === undefined) throw refusal;
  return config;
}

/** The gateways that a config names, with the project's ID. */
function bindingIn(
  config: AgentGatewayConfig,
  projects: readonly ProjectRef[],
): Pick<EngineResult, 'egress' | 'ingress'> {
  return { egress: nameIn(config, 'egress', projects), ingress: nameIn(config, 'ingress', projects) };
}

function nameIn(
  config: AgentGatewayConfig,
  direction: 'egress' | 'ingress',
  projects: readonly ProjectRef[],
): string | null {
  const name = gatewayIn(config, direction);
  return name === null ? null : canonicalGateway(name, projects);
}

function shortName(gateway: string | null): string {
  return gateway === null ? 'not bound' : (parseGatewayName(gateway)?.id ?? gateway);
}

function label(change: BindingChange): string {
  return change.displayName || change.engine;
}
