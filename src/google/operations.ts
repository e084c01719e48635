import type { Clock } from '../clock.js';
import { abortError, isNotFound, OperationError } from './errors.js';
import type { Operation } from './types.js';

/** True when an operation has ended. aiplatform leaves `done` out while it runs, others send `false`. */
export const isDone = (operation: Operation): boolean => operation.done === true;

export interface OperationWait {
  /** The operation as the write answered: one that is done already is not asked for again. */
  readonly started?: Operation;
  /** Reads the operation once. */
  readonly get: () => Promise<Operation>;
  readonly clock: Clock;
  /** Aborting it ends the waiting; the operation itself goes on. */
  readonly signal: AbortSignal;
  /** The operation's name, for messages. */
  readonly name: string;
  /** Milliseconds between two looks, of an API with a small quota; the first look comes soon. */
  readonly pauseMs?: number;
}

const FIRST_DELAY = 200;
/** Most operations of an API that is asked rarely have ended after this. */
const FIRST_RARE_DELAY = 2_000;
/** An end is noticed within this time and an answer, or within this part of the time the operation took. */
const SHORT_DELAY = 500;
const DELAY_OF_ELAPSED = 0.05;
const LONGEST_DELAY = 15_000;

/**
 * Polls a long-running operation to its end.
 * @returns the finished operation; undefined when it is no longer there, which a finished one may be (seen live: 404 on a poll).
 *   Either way the caller reads the resource: only that says what came of it.
 * @throws OperationError when it ended in an error; the signal's reason when that aborts
 */
export async function waitForOperation(wait: OperationWait): Promise<Operation | undefined> {
  const { clock, signal, name, pauseMs } = wait;
  const start = clock.now();
  if (wait.started && isDone(wait.started)) return outcome(wait.started, name);
  for (let looks = 0; ; looks += 1) {
    const elapsed = clock.now() - start;
    await sleep(clock, pauseMs === undefined ? nextDelay(elapsed) : looks === 0 ? FIRST_RARE_DELAY : pauseMs, signal);
    const operation = await poll(wait.get);
    if (operation === undefined) return undefined;
    if (isDone(operation) || operation.error) return outcome(operation, name);
  }
}

function outcome(operation: Operation, name: string): Operation {
  if (operation.error) throw new OperationError(name, operation.error);
  return operation;
}

/** Soon at first, then doubling up to half a second, then growing with the time that has passed. */
function nextDelay(elapsed: number): number {
  const doubling = Math.min(Math.max(elapsed, FIRST_DELAY), SHORT_DELAY);
  return Math.min(Math.max(elapsed * DELAY_OF_ELAPSED, doubling), LONGEST_DELAY);
}

async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    throw signal.aborted ? abortError(signal) : error;
  }
}

async function poll(get: () => Promise<Operation>): Promise<Operation | undefined> {
  try {
    return await get();
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
