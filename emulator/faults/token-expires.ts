import { errorAnswer } from '../core/answers.js';
import { tokenExpired } from '../core/gate.js';
import type { Effect } from './effect.js';
import type { FaultOf } from './schema.js';

/** A token is good for some requests and expired after them; only another one helps. */
export function tokenExpiresEffect({ afterRequests, token: only }: FaultOf<'token-expires'>): Effect {
  const uses = new Map<string, number>();
  return {
    before: ({ entry, token, act }) => {
      if (token === undefined || (only !== undefined && token !== only)) return undefined;
      const used = (uses.get(token) ?? 0) + 1;
      uses.set(token, used);
      if (used <= afterRequests) return undefined;
      act();
      return errorAnswer(tokenExpired(`${entry.api}.googleapis.com`));
    },
  };
}
