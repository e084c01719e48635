import { abortError, TimeoutError, type GoogleError } from './errors.js';

/** @throws CancelledError or TimeoutError when the run was told to stop */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal);
}

/**
 * @param cause what went wrong last, or was waited for: whose time is over wants to know what took it
 * @returns why the run was told to stop
 */
export function stoppedAfter(cause: unknown, signal: AbortSignal): GoogleError {
  const reason = abortError(signal);
  return reason instanceof TimeoutError ? new TimeoutError(reason.message, { cause }) : reason;
}

/**
 * Stops waiting when the signal aborts; what was waited for goes on unheard.
 *
 * @param begin is not called when the signal has aborted already: nobody would hear how that ends
 * @throws CancelledError or TimeoutError, or what the promise rejects with
 */
export async function abortable<T>(begin: () => Promise<T>, signal: AbortSignal): Promise<T> {
  throwIfAborted(signal);
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(abortError(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([begin(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
