import type { Clock } from '../clock.js';
import type { Google } from '../google/index.js';
import type { Progress } from './progress.js';

/** What carrying a plan out needs from outside. */
export interface ApplyDeps {
  readonly google: Google;
  readonly clock: Clock;
  /** Aborts with a TimeoutError at the run's deadline and with a CancelledError when the workflow is cancelled. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** A new UUID for every registry write; retries of one write reuse it. */
  newRequestId(): string;
  /** 0 <= x < 1. */
  random(): number;
}
