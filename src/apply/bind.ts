import { DIRECTIONS, type Direction } from '../config/desired.js';
import { ApiError, NetworkError, isConflict } from '../google/errors.js';
import { gatewayEquals, type ProjectRef } from '../google/names.js';
import { waitForOperation } from '../google/operations.js';
import type { AgentGatewayConfig, Operation, ReasoningEngine } from '../google/types.js';
import { gatewayIn } from '../plan/bindings.js';
import { directionOf, type BindingChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { NotBound, StillRunning } from './errors.js';
import type { Limiter } from './limiter.js';

/** Attempts at one engine when its state keeps changing under us. */
const MAX_ATTEMPTS = 5;
/** How long a finished operation's binding may take to show, in milliseconds; null after that is Google's own sign of failure. */
const CONFIRM_MS = 15_000;

export interface BindOptions {
  /** For comparing gateway names that hold a project ID with ones that hold its number. */
  readonly projects: readonly ProjectRef[];
  readonly limiter: Limiter;
}

/**
 * Brings one engine's binding to the planned state and proves it: waits for an update that runs already, writes the
 * merged config, polls the operation to its end, then reads the engine until the binding is as declared.
 *
 * @returns the engine's config as it was read last
 * @throws OperationError when an update ended in an error, NotBound when it ended well without the binding, ApiError,
 *   NetworkError or the abort reason
 */
export async function bind(change: BindingChange, options: BindOptions, deps: ApplyDeps): Promise<AgentGatewayConfig> {
  for (let attempt = 1; ; attempt += 1) {
    await awaitRunningUpdate(change, deps);
    const engine = await deps.google.aiplatform.getEngine(change.engine);
    const current = configOf(engine);
    if (isAsPlanned(current, change, options.projects)) return current;
    try {
      const operation = await patch(change, engine, options.limiter, deps);
      await waitForUpdate(change, operation, 'the update', deps);
      return await confirm(change, options.projects, deps);
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !(await mayTryAgain(error, attempt, change, deps))) throw error;
      deps.progress.step(label(change), `${(error as Error).message}; looking at the engine again`);
      await deps.clock.sleep(deps.random() * Math.min(1000 * 2 ** attempt, 30_000), deps.signal);
    }
  }
}

/** @returns the config to write: the declared directions as planned, the other one as it is now. */
export function mergedConfig(current: AgentGatewayConfig, change: BindingChange): AgentGatewayConfig {
  const target = (direction: Direction): string | null => {
    const { to, declared } = directionOf(change, direction);
    return declared ? to : gatewayIn(current, direction);
  };
  const [egress, ingress] = [target('egress'), target('ingress')];
  return {
    ...(egress === null ? {} : { agentToAnywhereConfig: { agentGateway: egress } }),
    ...(ingress === null ? {} : { clientToAgentConfig: { agentGateway: ingress } }),
  };
}

/** @returns true when every declared direction is as planned. */
export function isAsPlanned(
  config: AgentGatewayConfig,
  change: BindingChange,
  projects: readonly ProjectRef[],
): boolean {
  return DIRECTIONS.every((direction) => {
    const { to, declared } = directionOf(change, direction);
    const is = gatewayIn(config, direction);
    if (!declared) return true;
    return to === null || is === null ? to === is : gatewayEquals(is, to, projects);
  });
}

/** A second PATCH while an update runs is refused, and the running one may already be ours: wait for it. */
async function awaitRunningUpdate(change: BindingChange, deps: ApplyDeps): Promise<void> {
  const running = await deps.google.aiplatform.runningUpdate(change.engine);
  if (!running) return;
  deps.progress.step(label(change), `an update is already running (${running.name}), waiting for it`);
  try {
    await waitForUpdate(change, running, 'an update that was running already', deps);
  } catch (error) {
    // How somebody else's update ended is not what this run is judged by; the binding is.
    if (!(error instanceof Error) || error.name !== 'OperationError') throw error;
    deps.progress.step(label(change), `that update failed (${error.message}), starting our own`);
  }
}

async function patch(
  change: BindingChange,
  engine: ReasoningEngine,
  limiter: Limiter,
  deps: ApplyDeps,
): Promise<Operation> {
  const done = deps.progress.waiting(label(change), 'its turn within ten engine writes a minute');
  await limiter.acquire(deps.signal).finally(done);
  const config = mergedConfig(configOf(engine), change);
  const operation = await deps.google.aiplatform.patchGatewayConfig(change.engine, config, engine.etag);
  deps.progress.step(label(change), `update started (${operation.name})`);
  return operation;
}

async function waitForUpdate(
  change: BindingChange,
  operation: Operation,
  what: string,
  { google, clock, signal, progress }: ApplyDeps,
): Promise<void> {
  const done = progress.waiting(label(change), `waiting for ${what}`);
  try {
    const get = (): Promise<Operation> => google.aiplatform.getOperation(operation.name);
    await waitForOperation({ name: operation.name, started: operation, get, clock, signal });
  } catch (error) {
    throw signal.aborted ? new StillRunning(operation.name, signal.reason) : error;
  } finally {
    done();
  }
}

/** GET shows the old config until the operation is done, so only now does it prove anything. */
async function confirm(
  change: BindingChange,
  projects: readonly ProjectRef[],
  { google, clock, signal }: ApplyDeps,
): Promise<AgentGatewayConfig> {
  const start = clock.now();
  for (let delay = 500; ; delay = Math.min(delay * 2, 5_000)) {
    const config = configOf(await google.aiplatform.getEngine(change.engine));
    if (isAsPlanned(config, change, projects)) return config;
    if (clock.now() - start + delay > CONFIRM_MS) throw new NotBound(change, config);
    await clock.sleep(delay, signal);
  }
}

/** Going round again is safe: every round starts with looking for a running update and at the binding itself. */
async function mayTryAgain(error: unknown, attempt: number, change: BindingChange, deps: ApplyDeps): Promise<boolean> {
  if (error instanceof NetworkError || isConflict(error)) return true;
  if (!(error instanceof ApiError)) return false;
  if (error.status >= 500) return true;
  // An engine that is being updated refuses a PATCH this way, without a machine-readable reason of its own.
  if (error.rpcStatus !== 'FAILED_PRECONDITION' || error.reason !== undefined) return false;
  return attempt === 1 || (await deps.google.aiplatform.runningUpdate(change.engine)) !== undefined;
}

function configOf(engine: ReasoningEngine): AgentGatewayConfig {
  return engine.spec?.deploymentSpec?.agentGatewayConfig ?? {};
}

function label(change: BindingChange): string {
  return change.displayName || change.engine;
}
