import { expect } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';

/** The runner sends SIGINT, SIGTERM 7.5 s later, and kills what is left after another 2.5 s (actions/runner, ProcessInvoker). */
const SIGTERM_MS = 7_500;
const SIGKILL_MS = 10_000;

/** Never comes: what a server that hangs has to say. */
export const silence = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** A workflow that somebody cancels while a step runs. */
export interface Cancellable {
  /** To be called with the process of the step. */
  readonly onStart: (child: ChildProcess) => void;
  /** Cancels it, once. */
  readonly cancel: () => void;
}

export function cancellable(): Cancellable {
  let process: ChildProcess | undefined;
  return {
    onStart: (child) => (process = child),
    cancel: () => {
      const child = process;
      if (!child) return;
      process = undefined;
      child.kill('SIGINT');
      const later = [
        setTimeout(() => child.kill('SIGTERM'), SIGTERM_MS),
        setTimeout(() => child.kill('SIGKILL'), SIGKILL_MS),
      ];
      child.once('close', () => later.forEach(clearTimeout));
    },
  };
}

/** What every cancelled step has to leave behind. */
export const CANCELLED = {
  exitCode: 1,
  outputs: { failure_reason: 'cancelled' },
  summary: expect.stringContaining('cancelled'),
};
