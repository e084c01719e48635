import type { Check } from './check.js';

/** The same update fails again for the same reason, after minutes: better to look at that reason first. */
export const engineBusyFailing: Check = {
  id: 'engine-busy-failing',
  level: 'warning',
  run: ({ observed, bindings }) =>
    bindings.flatMap(({ engine, displayName }) => {
      const error = observed.failedUpdates.get(engine);
      if (error === undefined) return [];
      return [
        {
          message: `The last update of engine ${JSON.stringify(displayName)} (${engine}) ended in an error: ${error}`,
          remedy:
            'Look at reasoning_engine_stderr in Cloud Logging for why; where every update fails the same way, deploying the agent anew has helped.',
        },
      ];
    }),
};
