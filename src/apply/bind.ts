import { DIRECTIONS, type Direction } from '../config/desired.js';
import { ApiError, isConflict, isNotFound, isPermissionDenied, isUncertain, OperationError } from '../google/errors.js';
import { gatewayEquals, type ProjectRef } from '../google/names.js';
import { waitForOperation } from '../google/operations.js';
import type { AgentGatewayConfig, Operation, ReasoningEngine } from '../google/types.js';
import { gatewayIn } from '../plan/bindings.js';
import { directionOf, type BindingChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { NotBound, StillRunning } from './errors.js';
import type { Limiter } from '../limiter.js';
import { patiently, pauseAfter } from './patience.js';

/** Attempts at one engine when its state keeps changing under us. */
const MAX_ATTEMPTS = 5;
/** How long a finished operation's binding may take to show, in milliseconds; null after that is Google's own sign of failure. */
const CONFIRM_MS = 15_000;

export interface BindOptions {
  /** For comparing gateway names that hold a project ID with ones that hold its number. */
  readonly projects: readonly ProjectRef[];
  readonly limiter: Limiter;
  /** Whether a config is what is wanted; what the change plans unless said otherwise. */
  readonly isDone?: (config: AgentGatewayConfig) => boolean;
  /**
   * What a direction that is not declared gets where it has no gateway, asked for in every round: an update that failed may have
   * taken it away (live, an update that ended in code 3 left the whole config null).
   */
  readonly restores?: () => AgentGatewayConfig | undefined;
  /** Told of every update that Google took, or may have taken, with what was read right before it. */
  readonly wrote?: (before: AgentGatewayConfig) => void;
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
    const engine = await settled(change, options, deps);
    const current = configOf(engine);
    if (isDone(current, change, options)) return current;
    const config = mergedConfig(current, change, options.restores?.());
    try {
      const operation = await write(engine, config, change, options, deps);
      deps.progress.step(label(change), `update started (${operation.name})`);
      await waitForUpdate(change, operation, 'the update', deps);
      return await confirm(change, config, options, deps);
    } catch (error) {
      if (attempt >= MAX_ATTEMPTS || !(await mayTryAgain(error, attempt, change, deps))) throw error;
      deps.progress.step(label(change), `${(error as Error).message}; looking at the engine again`);
      await pauseAfter(error, deps.random() * Math.min(1000 * 2 ** attempt, 30_000), deps);
    }
  }
}

async function write(
  engine: ReasoningEngine,
  config: AgentGatewayConfig,
  { engine: name }: BindingChange,
  { wrote = () => undefined }: BindOptions,
  { google, signal }: ApplyDeps,
): Promise<Operation> {
  try {
    const operation = await google.aiplatform.patchGatewayConfig(name, config, engine.etag);
    wrote(configOf(engine));
    return operation;
  } catch (error) {
    if (isUncertain(error) || signal.aborted) wrote(configOf(engine));
    throw error;
  }
}

/**
 * The engine with no update running, read when it is this run's turn to write: what is merged into the update must not be
 * older than the wait for that turn, or a direction that somebody bound meanwhile would be taken away again.
 */
async function settled(change: BindingChange, options: BindOptions, deps: ApplyDeps): Promise<ReasoningEngine> {
  await awaitRunningUpdate(change, deps);
  const engine = await deps.google.aiplatform.getEngine(change.engine);
  if (isDone(configOf(engine), change, options)) return engine;
  const done = deps.progress.waiting(label(change), 'waiting for its turn within ten engine writes a minute');
  const waited = await options.limiter.acquire(deps.signal).finally(done);
  if (!waited) return engine;
  await awaitRunningUpdate(change, deps);
  return deps.google.aiplatform.getEngine(change.engine);
}

/** @returns the config to write: the declared directions as planned, the other one as it is now, or as it was where that is lost */
export function mergedConfig(
  current: AgentGatewayConfig,
  change: BindingChange,
  restores?: AgentGatewayConfig,
): AgentGatewayConfig {
  const target = (direction: Direction): string | null => {
    const { to, declared } = directionOf(change, direction);
    return declared ? to : (gatewayIn(current, direction) ?? gatewayIn(restores, direction));
  };
  const [egress, ingress] = [target('egress'), target('ingress')];
  return {
    ...(egress === null ? {} : { agentToAnywhereConfig: { agentGateway: egress } }),
    ...(ingress === null ? {} : { clientToAgentConfig: { agentGateway: ingress } }),
  };
}

function isDone(config: AgentGatewayConfig, change: BindingChange, options: BindOptions): boolean {
  const { projects } = options;
  const restores = options.restores?.();
  const isLost = (direction: Direction): boolean =>
    !directionOf(change, direction).declared &&
    gatewayIn(config, direction) === null &&
    gatewayIn(restores, direction) !== null;
  if (DIRECTIONS.some(isLost)) return false;
  return options.isDone ? options.isDone(config) : isAsPlanned(config, change, projects);
}

/** @returns true when every declared direction is as planned. */
export function isAsPlanned(
  config: AgentGatewayConfig,
  change: BindingChange,
  projects: readonly ProjectRef[],
): boolean {
  return DIRECTIONS.every((direction) => {
    const { to, declared } = directionOf(change, direction);
    return !declared || isSame(gatewayIn(config, direction), to, projects);
  });
}

function isSame(a: string | null, b: string | null, projects: readonly ProjectRef[]): boolean {
  return a === null || b === null ? a === b : gatewayEquals(a, b, projects);
}

/** A second PATCH while an update runs is refused, and the running one may already be ours: wait for it. */
async function awaitRunningUpdate(change: BindingChange, deps: ApplyDeps): Promise<void> {
  const running = await runningUpdate(change, deps);
  if (!running) return;
  deps.progress.step(label(change), `an update is already running (${running.name}), waiting for it`);
  try {
    await waitForUpdate(change, running, 'an update that was running already', deps);
  } catch (error) {
    // How somebody else's update ended is not what this run is judged by; the binding is.
    if (!(error instanceof OperationError)) throw error;
    deps.progress.step(label(change), `that update failed (${error.message}), starting our own`);
  }
}

/** An identity that may not list operations goes on without: a busy engine refuses the update itself. */
async function runningUpdate(change: BindingChange, { google }: ApplyDeps): Promise<Operation | undefined> {
  try {
    return await google.aiplatform.runningUpdate(change.engine);
  } catch (error) {
    if (isNotFound(error) || isPermissionDenied(error)) return undefined;
    throw error;
  }
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
  sent: AgentGatewayConfig,
  options: BindOptions,
  deps: ApplyDeps,
): Promise<AgentGatewayConfig> {
  let config: AgentGatewayConfig = {};
  const attempt = async (): Promise<AgentGatewayConfig | undefined> => {
    config = configOf(await deps.google.aiplatform.getEngine(change.engine));
    // A direction that nobody declared must not have been lost by our write; what somebody bound since is theirs.
    const isKept = (direction: Direction): boolean => {
      const was = gatewayIn(sent, direction);
      return directionOf(change, direction).declared || was === null || gatewayIn(config, direction) !== null;
    };
    return isDone(config, change, options) && DIRECTIONS.every(isKept) ? config : undefined;
  };
  const found = await patiently(attempt, { longestPauseMs: 5_000, forMs: CONFIRM_MS }, deps);
  if (!found) throw new NotBound(change, config);
  return found;
}

/** Going round again is safe: every round starts with looking for a running update and at the binding itself. */
async function mayTryAgain(error: unknown, attempt: number, change: BindingChange, deps: ApplyDeps): Promise<boolean> {
  if (isUncertain(error) || isConflict(error)) return true;
  if (!(error instanceof ApiError)) return false;
  // An engine that is being updated refuses a PATCH this way, without a machine-readable reason of its own.
  if (error.rpcStatus !== 'FAILED_PRECONDITION' || error.reason !== undefined) return false;
  return attempt === 1 || (await runningUpdate(change, deps)) !== undefined;
}

function configOf(engine: ReasoningEngine): AgentGatewayConfig {
  return engine.spec?.deploymentSpec?.agentGatewayConfig ?? {};
}

function label(change: BindingChange): string {
  return change.displayName || change.engine;
}
