import { explain } from '../explain.js';
import { parseGatewayName, type ProjectRef } from '../google/names.js';
import type { AgentGatewayConfig } from '../google/types.js';
import { canonicalGateway, gatewayIn, onlyUnbinds, plannedStatus } from '../plan/bindings.js';
import { isChange, type BindingChange } from '../plan/types.js';
import { bind } from './bind.js';
import type { ApplyDeps } from './deps.js';
import { NotBound } from './errors.js';
import type { Limiter } from './limiter.js';
import type { EngineResult, ServiceResult } from './result.js';

export interface EngineRunnerOptions {
  readonly projects: readonly ProjectRef[];
  readonly limiter: Limiter;
  readonly propagationWaitMs: number;
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
        if (relies.some(({ isNew }) => isNew)) await waitForGrants(change, options);
        return await bindNow(change, options);
      } catch (error) {
        const doing = `Binding engine ${JSON.stringify(change.displayName)} (${change.engine})`;
        const failure = explain(error, doing, 'bind-failed');
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

async function bindNow(change: BindingChange, { projects, limiter, deps }: EngineRunnerOptions): Promise<EngineResult> {
  deps.signal.throwIfAborted();
  const start = deps.clock.now();
  const config = await bind(change, { projects, limiter }, deps);
  const tookMs = deps.clock.now() - start;
  const now = bindingIn(config, projects);
  deps.progress.step(label(change), `verified: egress ${shortName(now.egress)}, ingress ${shortName(now.ingress)}`);
  return { engine: change.engine, status: onlyUnbinds(change) ? 'unbound' : 'changed', ...now, tookMs };
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
