import type { Check } from './check.js';

/**
 * The `engines` input narrows a file's agents. An engine that none of them means would be bound without a single grant,
 * and an egress gateway denies what is not granted: most often an agent that was renamed or has a new ID.
 */
export const engineNotDeclared: Check = {
  id: 'engine-not-declared',
  level: 'error',
  run: ({ observed, bindings }) =>
    observed.selection.problems
      .filter(({ kind }) => kind === 'not-declared')
      // Unbinding it, or binding ingress alone, takes nothing from it.
      .filter(({ candidates }) =>
        bindings.some(
          ({ engine, egress }) => candidates.includes(engine) && egress.to !== null && egress.to !== egress.from,
        ),
      )
      .map(({ selector, candidates }) => ({
        message: `The engines input selects ${candidates.join(', ')}, but no entry under agents in the desired-state file means that engine.`,
        remedy: 'Add it under agents, or say with the allow input what it may reach.',
        origin: selector.origin,
      })),
};
