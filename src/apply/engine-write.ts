import type { Direction } from '../config/desired.js';
import { explain } from '../explain.js';
import { parseGatewayName, type ProjectRef } from '../google/names.js';
import type { AgentGatewayConfig } from '../google/types.js';
import { canonicalGateway, gatewayIn, onlyUnbinds } from '../plan/bindings.js';
import type { BindingChange } from '../plan/types.js';
import { bind } from './bind.js';
import type { ApplyDeps } from './deps.js';
import { NotBound } from './errors.js';
import type { Limiter } from '../limiter.js';
import { patiently, type Patience } from './patience.js';
import { explainRefusal, isRefusedFor } from './refused.js';
import type { EngineResult } from './result.js';

/** "Up to 15 minutes" (Google's "Route Agent Runtime traffic through Agent Gateway" page); each look is an engine write. */
const POLICY_DELAY: Patience = { longestPauseMs: 60_000, forMs: 15 * 60_000 };

/** What all engines of a run have in common. */
export interface EngineOptions {
  readonly projects: readonly ProjectRef[];
  readonly limiter: Limiter;
  readonly propagationWaitMs: number;
  /** Give an engine whose new binding failed its previous one back. */
  readonly rollback: boolean;
  /** What each engine was bound to right before this run wrote it for the first time, by its name. */
  readonly previous: Map<string, AgentGatewayConfig>;
  /** The agent identity of an engine. */
  readonly principalOf: (engine: string) => string | undefined;
  /** Settles when the guardrails are loosened as far as this run does it, with the directions in which it did. */
  readonly loosened: Promise<ReadonlySet<Direction>>;
  readonly deps: ApplyDeps;
}

/** Gateways of an engine as they are named in plans: with the project's ID. */
export type Binding = Pick<EngineResult, 'egress' | 'ingress'>;

/**
 * Binds one engine, and remembers what it was bound to before. A guardrail that this very run has loosened may still refuse
 * for a while what it allows now: then it is tried again. A direction that is not declared, and that an update of this run has lost,
 * comes back with the next one.
 *
 * @param isDone whether a config is what is wanted; what the change plans unless said otherwise
 * @returns the engine's config as it was read last
 * @throws what `bind` throws
 */
export async function writeEngine(
  change: BindingChange,
  options: EngineOptions,
  isDone?: (config: AgentGatewayConfig) => boolean,
): Promise<AgentGatewayConfig> {
  const { projects, limiter, previous, deps } = options;
  const loosened = await options.loosened;
  deps.signal.throwIfAborted();
  const wrote = (before: AgentGatewayConfig): void => {
    if (!previous.has(change.engine)) previous.set(change.engine, before);
  };
  const restores = (): AgentGatewayConfig | undefined => previous.get(change.engine);
  let refusal: unknown;
  let done = (): void => undefined;
  const attempt = async (): Promise<AgentGatewayConfig | undefined> => {
    try {
      return await bind(change, { projects, limiter, wrote, restores, ...(isDone ? { isDone } : {}) }, deps);
    } catch (error) {
      if (!isRefusedFor(error, loosened)) throw error;
      if (refusal === undefined) {
        const what = 'waiting for the change of the organization policy to take effect (up to 15 minutes)';
        deps.progress.step(labelOf(change), what);
        done = deps.progress.waiting(labelOf(change), what);
      }
      refusal = error;
      return undefined;
    }
  };
  const config = await patiently(attempt, POLICY_DELAY, deps).finally(() => done());
  if (config === undefined) throw refusal;
  return config;
}

/** @param since milliseconds of the clock at which the work on the engine began */
export function doneResult(
  change: BindingChange,
  config: AgentGatewayConfig,
  since: number,
  { projects, deps }: Pick<EngineOptions, 'projects' | 'deps'>,
): EngineResult {
  const now = bindingIn(config, projects);
  deps.progress.step(labelOf(change), `verified: egress ${shortName(now.egress)}, ingress ${shortName(now.ingress)}`);
  const tookMs = deps.clock.now() - since;
  return { engine: change.engine, status: onlyUnbinds(change) ? 'unbound' : 'changed', ...now, tookMs };
}

/**
 * @param doing e.g. `Binding`
 * @param last the engine's gateways as they were known before, for where they cannot be read any more
 */
export async function failedResult(
  change: BindingChange,
  error: unknown,
  options: EngineOptions,
  { doing = 'Binding', last = lastKnown(change) }: { readonly doing?: string; readonly last?: Binding } = {},
): Promise<EngineResult> {
  const { deps, principalOf } = options;
  const cause = await explainRefusal(error, change, principalOf(change.engine), deps.google);
  const failure = explain(cause, `${doing} engine ${nameOf(change)}`, 'bind-failed');
  const isOpen = failure.reason === 'timeout' || failure.reason === 'cancelled';
  deps.progress.step(labelOf(change), isOpen ? 'stopped before the end' : 'FAILED');
  const now = await readBack(change, error, options);
  return { engine: change.engine, ...last, ...now, status: isOpen ? 'pending' : 'failed', failure };
}

/** What an engine that could not be bound is bound to now; undefined where that cannot be found out any more. */
export async function readBack(
  change: BindingChange,
  error: unknown,
  { projects, deps }: EngineOptions,
): Promise<Binding | undefined> {
  if (error instanceof NotBound) return bindingIn(error.found, projects);
  if (deps.signal.aborted) return undefined;
  try {
    const engine = await deps.google.aiplatform.getEngine(change.engine);
    return bindingIn(engine.spec?.deploymentSpec?.agentGatewayConfig ?? {}, projects);
  } catch {
    // The failure that is being reported is the one that matters.
    return undefined;
  }
}

/** @returns what a change that was not begun leaves in place */
export function lastKnown({ egress, ingress }: BindingChange): Binding {
  return { egress: egress.from, ingress: ingress.from };
}

/** The gateways that a config names, with the project's ID. */
export function bindingIn(config: AgentGatewayConfig, projects: readonly ProjectRef[]): Binding {
  return { egress: nameIn(config, 'egress', projects), ingress: nameIn(config, 'ingress', projects) };
}

function nameIn(config: AgentGatewayConfig, direction: Direction, projects: readonly ProjectRef[]): string | null {
  const name = gatewayIn(config, direction);
  return name === null ? null : canonicalGateway(name, projects);
}

function shortName(gateway: string | null): string {
  return gateway === null ? 'not bound' : (parseGatewayName(gateway)?.id ?? gateway);
}

/** @returns the engine's name in messages */
export function nameOf({ displayName, engine }: BindingChange): string {
  return `${JSON.stringify(displayName)} (${engine})`;
}

/** @returns the engine's name in the progress of a run */
export function labelOf({ displayName, engine }: BindingChange): string {
  return displayName || engine;
}
