import { DIRECTIONS } from '../config/desired.js';
import { directionOf, type BindingChange } from '../plan/types.js';
import { doneResult, failedResult, writeEngine, type EngineOptions } from './engine-write.js';
import { waitUntilReady, type EngineTask } from './ready.js';
import type { EngineResult } from './result.js';
import { rollBack } from './rollback.js';

/**
 * Binds one engine once the services it relies on are granted; when its new binding failed, it gets its previous one back where
 * that is asked for.
 *
 * @returns how it ended; failures are part of the result
 */
export async function runEngine(task: EngineTask, options: EngineOptions): Promise<EngineResult> {
  const { change } = task;
  const held = await waitUntilReady(task, options);
  if (held) return held;
  const start = options.deps.clock.now();
  try {
    return doneResult(change, await writeEngine(change, options), start, options);
  } catch (error) {
    const failed = withAdvice(await failedResult(change, error, options), change);
    return rollBack(change, error, failed, options);
  }
}

/** Nobody can say whether an engine that is alone may go straight from one gateway to another. */
function withAdvice(result: EngineResult, change: BindingChange): EngineResult {
  const { failure } = result;
  const isReplaced = DIRECTIONS.some((direction) => {
    const { from, to } = directionOf(change, direction);
    return from !== null && to !== null && from !== to;
  });
  if (failure?.reason !== 'bind-failed' || !isReplaced) return result;
  const advice =
    'Where the old gateway is in the way: with move: true in the config the engine is unbound from it first.';
  return { ...result, failure: { ...failure, next: [...failure.next, advice] } };
}
