import { explain } from '../explain.js';
import type { FailureReason } from '../failure.js';
import { OperationError } from '../google/errors.js';
import type { AgentGatewayConfig } from '../google/types.js';
import type { Direction } from '../config/desired.js';
import { directionOf, type BindingChange, type DirectionChange } from '../plan/types.js';
import { bind } from './bind.js';
import { bindingIn, labelOf, nameOf, readBack, type Binding, type EngineOptions } from './engine-write.js';
import { NotBound } from './errors.js';
import type { EngineResult } from './result.js';

/**
 * Gives an engine whose new binding failed its previous one back: what was read right before this run wrote it for the first time.
 * Not after a refusal, which changes nothing, and not when the run is over, since nothing new is begun then.
 *
 * @param error what the binding failed with
 * @param failed how it ended so far
 * @returns the same, which stays failed, with what came of the roll-back
 */
export async function rollBack(
  change: BindingChange,
  error: unknown,
  failed: EngineResult,
  options: EngineOptions,
): Promise<EngineResult> {
  if (!options.rollback || !options.previous.has(change.engine)) return failed;
  if (options.deps.signal.aborted) return notBegun(failed, 'nothing new is begun once a run is over');
  const isKnown = error instanceof OperationError || error instanceof NotBound;
  if (!isKnown) return notBegun(failed, 'it is not known how the update ended');
  const back = backwards(change, failed, options);
  options.deps.progress.step(labelOf(change), `rolling back to ${bindingText(targetOf(back))}`);
  try {
    let wrote = false;
    const restores = (): AgentGatewayConfig | undefined => options.previous.get(change.engine);
    const config = await bind(back, { ...options, restores, wrote: () => (wrote = true) }, options.deps);
    return rolledBack(change, failed, bindingIn(config, options.projects), wrote, options);
  } catch (trouble) {
    return notRolledBack(change, trouble, failed, options);
  }
}

/**
 * The way back. Declared directions get what they had; of the others only one that was lost is given back (`restores` of `bind`, which
 * sees that as it writes), since what somebody binds there meanwhile is theirs.
 *
 * @param now what the engine is bound to
 */
export function backwards(
  change: BindingChange,
  now: Binding,
  { previous, projects }: Pick<EngineOptions, 'previous' | 'projects'>,
): BindingChange {
  const before = bindingIn(previous.get(change.engine) ?? {}, projects);
  const half = (direction: Direction): DirectionChange => ({
    from: now[direction],
    to: before[direction],
    declared: directionOf(change, direction).declared,
  });
  const { layer, engine, displayName } = change;
  return { layer, action: 'update', engine, displayName, egress: half('egress'), ingress: half('ingress') };
}

/** @param wrote whether anything had to be written for that */
export function rolledBack(
  change: BindingChange,
  result: EngineResult,
  now: Binding,
  wrote: boolean,
  { deps }: Pick<EngineOptions, 'deps'>,
): EngineResult {
  const text = wrote ? `rolled back to ${bindingText(now)}` : `still as before: ${bindingText(now)}`;
  deps.progress.step(labelOf(change), text);
  return { ...withText(result, `${capitalised(text)}.`), ...now, rollback: wrote ? 'restored' : 'kept' };
}

/**
 * @param first what the run failed for, which it is named after whatever fails on the way back
 * @returns the result with what failed on the way back, and what the engine is bound to now
 */
export async function notRolledBack(
  change: BindingChange,
  trouble: unknown,
  result: EngineResult,
  options: EngineOptions,
  first?: FailureReason,
): Promise<EngineResult> {
  const { deps } = options;
  deps.progress.step(labelOf(change), 'the roll-back FAILED');
  const { reason, message, next } = explain(trouble, `The roll-back of engine ${nameOf(change)}`, 'bind-failed');
  const now = await readBack(change, trouble, options);
  const state = now === undefined ? 'What it is bound to now could not be read.' : `It is now ${stateText(now)}.`;
  const text = `${message} ${state}`;
  const failed = result.failure
    ? withText(result, text)
    : { ...result, failure: { reason: first ?? reason, message: text, next } };
  return { ...failed, ...now, status: 'failed', rollback: 'failed' };
}

/** @returns the result of an engine that is left as it is, with the reason */
export function notBegun(result: EngineResult, why: string): EngineResult {
  return { ...withText(result, `Not rolled back: ${why}.`), rollback: 'not-begun' };
}

function withText(result: EngineResult, text: string): EngineResult {
  const { failure } = result;
  return failure ? { ...result, failure: { ...failure, message: `${failure.message}\n${text}` } } : result;
}

function targetOf({ egress, ingress }: BindingChange): Binding {
  return { egress: egress.to, ingress: ingress.to };
}

/** @returns e.g. `egress projects/…/agentGateways/a, ingress not bound` */
export function bindingText({ egress, ingress }: Binding): string {
  return `egress ${egress ?? 'not bound'}, ingress ${ingress ?? 'not bound'}`;
}

function stateText(now: Binding): string {
  return now.egress === null && now.ingress === null ? 'bound to no gateway' : `bound to ${bindingText(now)}`;
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
