import { DIRECTIONS } from '../../config/desired.js';
import { directionOf } from '../types.js';
import type { Check } from './check.js';

/** Older engines cannot be bound (Google's page on routing Agent Runtime traffic through Agent Gateway). */
const OLDEST = '2026-04-29T00:00:00Z';

export const engineTooOld: Check = {
  id: 'engine-too-old',
  level: 'error',
  run: ({ desired, observed, bindings }) =>
    bindings.flatMap((binding) => {
      const created = observed.engines.find(({ name }) => name === binding.engine)?.resource.createTime;
      if (created === undefined || !(Date.parse(created) < Date.parse(OLDEST))) return [];
      // One that is bound was let in, whatever its age.
      if (DIRECTIONS.some((direction) => directionOf(binding, direction).from !== null)) return [];
      const fresh = DIRECTIONS.find((direction) => {
        const { declared, from, to } = directionOf(binding, direction);
        return declared && to !== null && to !== from;
      });
      if (fresh === undefined) return [];
      const wanted = desired.gateways[fresh];
      return [
        {
          message: `Engine ${JSON.stringify(binding.displayName)} (${binding.engine}) cannot be bound to ${directionOf(binding, fresh).to ?? ''}: it was created before 2026-04-29, and only younger engines can be bound to a gateway.`,
          remedy:
            'Deploy it anew (the creation time of an existing engine stays through updates), then run again with the new engine.',
          ...(wanted === undefined || wanted === 'none' ? {} : { origin: wanted.origin }),
        },
      ];
    }),
};
