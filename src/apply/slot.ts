import { ApiError, OperationError } from '../google/errors.js';
import type { AgentGatewayConfig } from '../google/types.js';
import type { BindingChange } from '../plan/types.js';
import type { ApplyDeps } from './deps.js';
import { labelOf } from './engine-write.js';
import { patiently, type Patience } from './patience.js';
import { isRefusal } from './refused.js';

/**
 * A slot is freed "only minutes after" the last engine has left it (public reports; one script waits ten times 30 seconds). No
 * attempt is begun after this; one that runs already goes on.
 */
export const SLOT: Patience = { longestPauseMs: 30_000, forMs: 10 * 60_000 };

/** How one engine's update ended. */
export type Ended = { readonly config: AgentGatewayConfig } | { readonly error: unknown };

export interface SlotOptions {
  /** What is told in the progress of a run. */
  readonly subject: string;
  /** Engines whose turn never came while the slot seemed taken are tried all the same in the end. */
  readonly triesAll: boolean;
  readonly write: (change: BindingChange) => Promise<AgentGatewayConfig>;
}

/** @returns how it ended; it never throws */
export function endOf(write: Promise<AgentGatewayConfig>): Promise<Ended> {
  return write.then(
    (config) => ({ config }),
    (error: unknown) => ({ error }),
  );
}

/**
 * Binds engines to a gateway whose slot may still be taken by another one: one engine at a time until one is bound, then all
 * others at once. Google says in at least three ways that the slot is taken, some of which may just as well mean that the engine
 * itself cannot start, so each attempt is made with another engine: one that is broken holds nobody else, and none is
 * updated in vain again and again.
 *
 * @returns how each ended, by its name; one that is not there was not tried, or would have been tried again
 */
export async function bindThroughSlot(
  changes: readonly BindingChange[],
  { subject, triesAll, write }: SlotOptions,
  deps: ApplyDeps,
): Promise<Map<string, Ended>> {
  const ended = new Map<string, Ended>();
  if (changes.length === 0) return ended;
  const waiting = [...changes];
  const tryOne = async (change: BindingChange): Promise<Ended> => {
    const result = await endOf(write(change));
    ended.set(change.engine, result);
    return result;
  };
  /** @returns whether the slot is free, or undefined as long as that is not known */
  const attempt = async (): Promise<boolean | undefined> => {
    while (!deps.signal.aborted) {
      const change = waiting.shift();
      if (!change) return false;
      const result = await tryOne(change);
      if ('config' in result) return true;
      if (!mayBeTaken(result.error)) continue;
      waiting.push(change);
      const why = (result.error as Error).message;
      deps.progress.step(labelOf(change), `${why}; the slot may still be taken by the other gateway`);
      return undefined;
    }
    return undefined;
  };
  /** What these have met is not what keeps them from being bound now. */
  const stopped = (): Map<string, Ended> => {
    for (const { engine } of waiting) ended.delete(engine);
    return ended;
  };
  deps.progress.step(subject, 'binding one engine, to see whether the slot is free');
  const done = deps.progress.waiting(subject, 'waiting for the slot of the other gateway');
  try {
    const isFree = await patiently(attempt, SLOT, deps);
    if (deps.signal.aborted) return stopped();
    const rest = isFree === true ? waiting : triesAll ? waiting.filter(({ engine }) => !ended.has(engine)) : [];
    if (isFree === true && rest.length > 0)
      deps.progress.step(subject, `the slot is free, ${rest.length} more to bind`);
    await Promise.all(rest.map(tryOne));
  } catch (error) {
    if (!deps.signal.aborted) throw error;
    return stopped();
  } finally {
    done();
  }
  return ended;
}

/**
 * "Another Agent Gateway is already active or being created", "Internal error encountered", "specified parameters are invalid",
 * code 13 or 3 of the operation: no report names a machine-readable reason. Whatever has one is something else.
 */
function mayBeTaken(error: unknown): boolean {
  if (isRefusal(error)) return false;
  if (error instanceof OperationError) return true;
  if (!(error instanceof ApiError) || error.reason !== undefined) return false;
  return error.status === 400 || error.status === 409 || error.status >= 500;
}
