import { OPERATION_PAUSE_MS } from '../google/accesspolicies.js';
import { isPermissionDenied } from '../google/errors.js';
import { waitForOperation } from '../google/operations.js';
import type { Operation } from '../google/types.js';
import type { ApplyDeps } from './deps.js';
import { EndUnseen } from './errors.js';

/** The access policy in the log. */
export const ACCESS_LABEL = 'access policy';

/** How long a write whose operation may not be read is looked for, in milliseconds. */
const UNSEEN_MS = 5 * 60_000;
/** Most writes are done after this, in milliseconds. */
const SOON_MS = 2_000;
/** A read may lag behind the end of a write: so often it is looked again. */
const LOOKS = 3;

/** The same, and what was learnt of the caller's rights on the way: a look that is refused is one of five a minute, too. */
export interface AccessDeps extends ApplyDeps {
  readonly operations: { isReadable: boolean };
}

export interface IamWrite<T> {
  /** For messages: the resource that is written. */
  readonly resource: string;
  readonly operation: Operation;
  /** What the operation shows at its end: the resource itself, where the answer has it. */
  readonly shown?: (response: Record<string, unknown>) => T | undefined;
  /** Reads the resource. @returns undefined while it does not say what was written */
  readonly look: () => Promise<T | undefined>;
}

/**
 * Waits for a write of IAM v3. The quota is five reads a minute, so the operation is asked for every quarter of a minute, and what
 * it shows at its end is not read again. Reading operations is a right of its own (`iam.operations.get`), which the roles that write
 * do not have: without it the resource itself is looked at.
 *
 * @returns what was written; undefined when the operation ended well and the resource does not say so
 * @throws OperationError, EndUnseen, ApiError, NetworkError or the abort reason
 */
export async function settled<T>(write: IamWrite<T>, deps: AccessDeps): Promise<T | undefined> {
  const { operation, resource } = write;
  const done = deps.progress.waiting(ACCESS_LABEL, `waiting for IAM to write ${resource}`);
  try {
    const ended = await ending(operation, deps);
    if (ended === 'unreadable') return await lookFor(write, deps);
    const found = ended?.response && write.shown?.(ended.response);
    return found ?? (await lookAgain(write, deps));
  } finally {
    done();
  }
}

async function ending(operation: Operation, deps: AccessDeps): Promise<Operation | undefined | 'unreadable'> {
  const { google, clock, signal, operations, progress } = deps;
  if (!operations.isReadable && operation.done !== true) {
    await clock.sleep(SOON_MS, signal);
    return 'unreadable';
  }
  const get = (): Promise<Operation> => google.accesspolicies.getOperation(operation.name);
  const wait = { name: operation.name, started: operation, get, clock, signal, pauseMs: OPERATION_PAUSE_MS };
  try {
    return await waitForOperation(wait);
  } catch (error) {
    if (!isPermissionDenied(error)) throw error;
    operations.isReadable = false;
    progress.step(ACCESS_LABEL, 'this identity may not read operations of IAM, looking at the resource instead');
    return 'unreadable';
  }
}

async function lookFor<T>({ look, resource }: IamWrite<T>, { clock, signal }: ApplyDeps): Promise<T> {
  const start = clock.now();
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (clock.now() - start > UNSEEN_MS) throw new EndUnseen(resource, UNSEEN_MS / 60_000);
    await clock.sleep(OPERATION_PAUSE_MS, signal);
  }
}

async function lookAgain<T>({ look }: IamWrite<T>, { clock, signal }: ApplyDeps): Promise<T | undefined> {
  for (let looks = 1; ; looks += 1) {
    const found = await look();
    if (found !== undefined || looks === LOOKS) return found;
    await clock.sleep(OPERATION_PAUSE_MS, signal);
  }
}
