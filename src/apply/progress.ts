import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { elapsed } from '../elapsed.js';

/** How often a run that only waits says that it is alive, in milliseconds. */
const HEARTBEAT_MS = 30_000;

/** Tells what happens, with the time since the run began. */
export interface Progress {
  /** Something happened to `subject` (an engine, a service). */
  step(subject: string, what: string): void;
  /** `subject` waits for something until the returned function is called; the heartbeat names it meanwhile. */
  waiting(subject: string, what: string): () => void;
  /** Logs what is waited for, every half minute, until `signal` aborts. */
  heartbeat(signal: AbortSignal): Promise<void>;
}

/** @param start milliseconds since the epoch at which the run began */
export function createProgress(log: Log, clock: Clock, start: number): Progress {
  const waits = new Map<symbol, { subject: string; what: string; since: number }>();
  let last = clock.now();
  const say = (line: string): void => {
    last = clock.now();
    log.info(`[${elapsed(clock.now() - start)}] ${line}`);
  };
  return {
    step: (subject, what) => say(`${subject}: ${what}`),
    waiting(subject, what) {
      const id = Symbol(subject);
      waits.set(id, { subject, what, since: clock.now() });
      return () => void waits.delete(id);
    },
    async heartbeat(signal) {
      for (;;) {
        const ended = await clock.sleep(HEARTBEAT_MS, signal).then(
          () => false,
          () => true,
        );
        if (ended) return;
        if (waits.size === 0 || clock.now() - last < HEARTBEAT_MS) continue;
        const [first] = waits.values();
        const others = waits.size > 1 ? ` and ${waits.size - 1} more` : '';
        if (first) say(`… ${first.subject}: ${first.what}, for ${elapsed(clock.now() - first.since)} so far${others}`);
      }
    },
  };
}
