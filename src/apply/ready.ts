import { plannedStatus } from '../plan/bindings.js';
import { isChange, type BindingChange } from '../plan/types.js';
import { failedResult, labelOf, lastKnown, type EngineOptions } from './engine-write.js';
import type { EngineResult, ServiceResult } from './result.js';

/** A service that an engine cannot do without. */
export interface Reliance {
  readonly service: Promise<ServiceResult>;
  /** This run adds the engine to the service's policy. */
  readonly isNew: boolean;
}

/** One engine's part of a plan. */
export interface EngineTask {
  readonly change: BindingChange;
  /** Services that grant to this engine. */
  readonly relies: readonly Reliance[];
}

/**
 * Waits until an engine may be written: the services it relies on are registered and grant to it, and new grants count.
 *
 * @returns undefined when it may, else how it ends: there is nothing to do, a service failed, or the run is over
 */
export async function waitUntilReady(
  { change, relies }: EngineTask,
  options: EngineOptions,
): Promise<EngineResult | undefined> {
  const before = { engine: change.engine, ...lastKnown(change) };
  const services = await Promise.all(relies.map(({ service }) => service));
  if (services.some(({ failure }) => failure !== undefined)) return { ...before, status: 'pending' };
  if (!isChange(change)) return { ...before, status: plannedStatus(change) };
  try {
    await options.loosened;
    if (relies.some(({ isNew }) => isNew)) await waitForGrants(change, options);
    return undefined;
  } catch (error) {
    return failedResult(change, error, options);
  }
}

/** A new grant takes minutes to count; an engine that starts behind the gateway before that cannot reach a thing. */
async function waitForGrants(change: BindingChange, { propagationWaitMs, deps }: EngineOptions): Promise<void> {
  const reliesOnGrants = change.egress.to !== null && change.egress.to !== change.egress.from;
  if (!reliesOnGrants || propagationWaitMs === 0) return;
  const seconds = propagationWaitMs / 1000;
  deps.progress.step(labelOf(change), `waiting ${seconds} s for the new grants to take effect before binding`);
  const done = deps.progress.waiting(labelOf(change), 'waiting for the new grants to take effect');
  await deps.clock.sleep(propagationWaitMs, deps.signal).finally(done);
}
