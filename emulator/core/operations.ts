import { GoogleError, type RpcStatus } from './errors.js';
import { timestamp } from './clock.js';
import { compact, type Json } from './json.js';

/** What a long-running operation is made of when it starts. */
export interface OperationStart {
  readonly id: string;
  /** The API it belongs to: operation ids of one API mean nothing to another. */
  readonly api: string;
  readonly projectNumber: string;
  readonly location: string;
  /** Name as the API prints it. */
  readonly name: string;
  /** The resource it works on; for Agent Runtime the engine under which it is listed. */
  readonly target: string;
  readonly kind: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** Metadata as the API prints it; called at each read. */
  readonly metadata: (operation: Operation) => Json;
  /** Networking style APIs print `done: false` while running, Agent Runtime leaves `done` out (public golden logs). */
  readonly printsFalse: boolean;
  /** Carries out the change when the time is up and returns the response, or throws the error the operation ends with. */
  readonly commit: (endMs: number) => Json;
}

/** A long-running operation; it progresses by the clock alone. */
export interface Operation extends OperationStart {
  endMs: number;
  done: boolean;
  response?: Json;
  error?: RpcStatus;
  /** Can't be read or listed any more; it goes on all the same. */
  hidden?: boolean;
}

/** All operations of all APIs. Time is checked at each request: an operation whose time has come is committed before anyone looks. */
export class Operations {
  private readonly all: Operation[] = [];

  start(start: OperationStart): Operation {
    const operation: Operation = { ...start, endMs: start.startMs + start.durationMs, done: false };
    this.all.push(operation);
    return operation;
  }

  /** Commits, in the order of their ends, every operation that has ended by `now`. */
  settle(now: number): void {
    const due = this.all.filter((operation) => !operation.done && operation.endMs <= now);
    for (const operation of due.sort((a, b) => a.endMs - b.endMs)) finish(operation);
  }

  /** Ends a running operation with CANCELLED; what it was to change stays as it was. */
  cancel(operation: Operation, now: number): void {
    if (operation.done) return;
    operation.endMs = now;
    operation.done = true;
    operation.error = new GoogleError('CANCELLED', 'The operation was cancelled.').rpcStatus();
  }

  list(where: (operation: Operation) => boolean): Operation[] {
    return this.all.filter(where);
  }

  remove(operation: Operation): void {
    const index = this.all.indexOf(operation);
    if (index >= 0) this.all.splice(index, 1);
  }

  running(api: string, target: string): Operation | undefined {
    return this.all.find((operation) => !operation.done && operation.api === api && operation.target === target);
  }
}

function finish(operation: Operation): void {
  operation.done = true;
  try {
    operation.response = operation.commit(operation.endMs);
  } catch (error) {
    if (!(error instanceof GoogleError)) throw error;
    operation.error = error.rpcStatus();
  }
}

/** A google.longrunning.Operation as JSON. */
export function operationJson(operation: Operation): Json {
  return compact({
    name: operation.name,
    metadata: operation.metadata(operation),
    done: operation.done ? true : operation.printsFalse ? false : undefined,
    error: operation.error,
    response: operation.response,
  });
}

/** The OperationMetadata the networking style APIs share (discovery: networkservices, networksecurity, agentregistry). */
export function standardMetadata(packageName: string, verb: string, target: string): (operation: Operation) => Json {
  return operationMetadata(`google.cloud.${packageName}.v1`, 'v1', verb, target);
}

/** The fields they all have: who did what to which resource, and since when. */
export function operationMetadata(
  packageName: string,
  apiVersion: string,
  verb: string,
  target: string,
): (operation: Operation) => Json {
  return (operation) =>
    compact({
      '@type': `type.googleapis.com/${packageName}.OperationMetadata`,
      createTime: timestamp(operation.startMs),
      endTime: operation.done ? timestamp(operation.endMs) : undefined,
      target,
      verb,
      requestedCancellation: operation.error?.code === 1,
      apiVersion,
    });
}

export const EMPTY_RESPONSE: Json = { '@type': 'type.googleapis.com/google.protobuf.Empty' };
