import type { Check } from './check.js';
import { engineOf, named } from './wording.js';

/** A change of the gateway archives all earlier revisions for good ("Manage revisions and traffic" page). */
export const revisionsArchived: Check = {
  id: 'revisions-archived',
  level: 'warning',
  run: ({ observed, bindings }) =>
    bindings.flatMap(({ engine: name, action }) => {
      const engine = engineOf(observed, name);
      const targets = engine?.resource.trafficConfig?.trafficSplitManual?.targets ?? [];
      if (!engine || action === 'keep' || targets.length === 0) return [];
      return [
        {
          message: `Changing the gateways of engine ${named(engine)} archives all its earlier revisions for good, and its traffic is split by hand between ${targets.length} of them.`,
          remedy:
            'Finish the roll-out first: send all traffic to the latest revision, since there is no way back to earlier ones.',
        },
      ];
    }),
};
