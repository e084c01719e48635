import { abortError } from '../google/errors.js';

/** @throws CancelledError or TimeoutError when the run was told to stop */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal);
}
