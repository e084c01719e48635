import type { Check } from './check.js';
import { describeSelector } from './engine-not-found.js';

/** Display names need not be unique; picking one of several would bind the wrong agent. */
export const engineAmbiguous: Check = {
  id: 'engine-ambiguous',
  level: 'error',
  run: ({ observed }) =>
    observed.selection.problems
      .filter(({ kind }) => kind === 'ambiguous')
      .map(({ selector, candidates }) => ({
        message: `${candidates.length} engines ${describeSelector(selector)}: ${candidates.join(', ')}.`,
        remedy: 'Select by ID or full resource name, or give the engines different display names.',
        origin: selector.origin,
      })),
};
