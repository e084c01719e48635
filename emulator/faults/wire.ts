import type { Effect } from './effect.js';
import type { FaultOf } from './schema.js';

/** The connection goes away before the API acts, after it acted, or in the middle of the answer. */
export function resetEffect({ at }: FaultOf<'reset'>): Effect {
  if (at === 'before') {
    return {
      before: ({ act, connection }) => {
        act();
        return connection.reset();
      },
    };
  }
  return {
    after: async ({ act, connection, entry }, response) => {
      act();
      if (at === 'after') return connection.reset();
      entry.status = response.status;
      await connection.sendHalf(response);
      return connection.hangUp();
    },
  };
}

/** The first byte, the rest of the body or both let the client wait. */
export function slowEffect({ at, firstByteMs, bodyMs }: FaultOf<'slow'>): Effect {
  return {
    before: async ({ act }) => {
      act();
      // Not the connection's wait: a server does what it was asked for, whether or not anybody still listens.
      if (at === 'before') await new Promise((resolve) => setTimeout(resolve, firstByteMs).unref());
      return undefined;
    },
    after: async ({ connection, entry }, response) => {
      if (at === 'after') await connection.wait(firstByteMs);
      if (bodyMs === 0) return undefined;
      entry.status = response.status;
      const sendRest = await connection.sendHalf(response);
      await connection.wait(bodyMs);
      return sendRest();
    },
  };
}
