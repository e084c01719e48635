import { explain } from '../explain.js';
import { parseGatewayName, type ProjectRef } from '../google/names.js';
import type { AgentGatewayConfig } from '../google/types.js';
import { canonicalGateway, gatewayIn, plannedStatus } from '../plan/bindings.js';
import { isChange, type BindingChange } from '../plan/types.js';
import { bind } from './bind.js';
import type { ApplyDeps } from './deps.js';
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
      const failed = services.find(({ failure }) => failure !== undefined);
      if (failed) return { ...before, status: 'pending' };
      if (!isChange(change)) return { ...before, status: plannedStatus(change) };
      try {
        if (services.some(({ granted }, index) => granted > 0 && relies[index]?.isNew))
          await waitForGrants(change, options);
        return await bindNow(change, options);
      } catch (error) {
        const failure = explain(
          error,
          `Binding engine ${JSON.stringify(change.displayName)} (${change.engine})`,
          'bind-failed',
        );
        const open = failure.reason === 'timeout' || failure.reason === 'cancelled';
        return { ...before, status: open ? 'pending' : 'failed', failure };
      }
    },
  };
}

/** A new grant takes minutes to count; an engine that starts behind the gateway before that cannot reach a thing. */
async function waitForGrants(change: BindingChange, { propagationWaitMs, deps }: EngineRunnerOptions): Promise<void> {
  const reliesOnGrants = change.egress.to !== null && change.egress.to !== change.egress.from;
  if (!reliesOnGrants || propagationWaitMs === 0) return;
  const label = change.displayName || change.engine;
  deps.progress.step(label, `waiting ${propagationWaitMs / 1000} s for the new grants to take effect before binding`);
  const done = deps.progress.waiting(label, 'waiting for the new grants to take effect');
  await deps.clock.sleep(propagationWaitMs, deps.signal).finally(done);
}

async function bindNow(change: BindingChange, { projects, limiter, deps }: EngineRunnerOptions): Promise<EngineResult> {
  deps.signal.throwIfAborted();
  const start = deps.clock.now();
  const config = await bind(change, { projects, limiter }, deps);
  const tookMs = deps.clock.now() - start;
  const status = change.action === 'remove' ? 'unbound' : 'changed';
  const now = { egress: nameIn(config, 'egress', projects), ingress: nameIn(config, 'ingress', projects) };
  deps.progress.step(
    change.displayName || change.engine,
    `verified: egress ${shortName(now.egress)}, ingress ${shortName(now.ingress)}`,
  );
  return { engine: change.engine, status, ...now, tookMs };
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
