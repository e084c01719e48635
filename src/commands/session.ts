import type { Clock } from '../clock.js';
import type { Problem } from '../config/problems.js';
import type { Fetch } from '../google/transport.js';
import type { Log } from '../log.js';
import { plural } from '../plural.js';

/** The outside world of one run: everything a command needs that a test may want to decide. */
export interface Session {
  readonly env: NodeJS.ProcessEnv;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborts with a CancelledError or a TimeoutError. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch at which the run's waiting ends. */
  readonly deadline: number;
  /** Masks a secret in everything the runner shows from now on. */
  readonly mask: (secret: string) => void;
  readonly newRequestId: () => string;
  readonly random: () => number;
}

/** The inputs and the desired state do not add up; nothing was sent. */
export class InvalidInput extends Error {
  override readonly name = 'InvalidInput';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    super(`${plural(problems.length, 'problem')} with the inputs or the config`);
    this.problems = problems;
  }
}
