import type { BindingChange } from '../plan/types.js';
import { lastKnown, type EngineOptions } from './engine-write.js';
import type { EngineResult } from './result.js';

/** The engines of a move and how each stands. */
export interface Fleet {
  readonly changes: readonly BindingChange[];
  /** By engine name. */
  readonly results: Map<string, EngineResult>;
  /** What is told in the progress of a run. */
  readonly subject: string;
  readonly options: EngineOptions;
}

/** @returns how an engine stands; one that nothing was done with is as it was */
export function stateOf(change: BindingChange, { results }: Pick<Fleet, 'results'>): EngineResult {
  return results.get(change.engine) ?? { engine: change.engine, ...lastKnown(change), status: 'pending' };
}

/** @returns the engines that this run has written, or may have written */
export function touchedIn({ changes, options }: Pick<Fleet, 'changes' | 'options'>): BindingChange[] {
  return changes.filter(({ engine }) => options.previous.has(engine));
}

export function hasFailed({ results }: Pick<Fleet, 'results'>): boolean {
  return [...results.values()].some(({ status }) => status === 'failed');
}
