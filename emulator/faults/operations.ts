import { asJson, asString } from '../core/json.js';
import type { Operation } from '../core/operations.js';
import type { RequestLogEntry } from '../request-log.js';
import type { State } from '../state/state.js';
import type { Effect, Hit } from './effect.js';

/** The operation can't be found from now on; what it does goes on. */
export function operationVanishesEffect(): Effect {
  const hidden = new Set<Operation>();
  return {
    ...onOperation((operation) => {
      operation.hidden = true;
      hidden.add(operation);
    }),
    end: () => {
      for (const operation of hidden) operation.hidden = false;
    },
  };
}

/** The operation does not end; when the fault is taken away, it ends when it would have ended. */
export function operationNeverEndsEffect(): Effect {
  const ends = new Map<Operation, number>();
  return {
    ...onOperation((operation) => {
      if (operation.done || ends.has(operation)) return;
      ends.set(operation, operation.endMs);
      operation.endMs = Infinity;
    }),
    end: () => {
      // One that was cancelled meanwhile has its end.
      for (const [operation, endMs] of ends) if (!operation.done) operation.endMs = endMs;
    },
  };
}

/** Before a request that names an operation, after one that started it. */
function onOperation(change: (operation: Operation) => void): Effect {
  return {
    before: (hit) => changeAt(hit.entry.path, hit, change),
    after: async (hit, response) => {
      const { entry } = hit;
      if (entry.write && !entry.path.includes('/operations/'))
        changeAt(asString(asJson(await jsonOf(response)).name), hit, change);
      return undefined;
    },
  };
}

function changeAt(text: string, { entry, state, act }: Hit, change: (operation: Operation) => void): undefined {
  const operation = operationAt(text, entry, state);
  if (operation === undefined) return;
  act();
  change(operation);
}

function operationAt(text: string, { api }: RequestLogEntry, state: State): Operation | undefined {
  const id = /\/operations\/([^/:]+)/.exec(text)?.[1];
  return id === undefined
    ? undefined
    : state.operations.list((operation) => operation.api === api && operation.id === id)[0];
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.clone().json();
  } catch {
    return undefined;
  }
}
