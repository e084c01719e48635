import type { Check } from './check.js';
import { listed, named } from './wording.js';

/**
 * Security Command Center's Agent Engine Threat Detection does not work for engines behind a gateway ("Route Agent Runtime
 * traffic through Agent Gateway" page). Whether somebody relies on it cannot be observed, so this is said only where the
 * config names the check.
 */
export const threatDetectionOff: Check = {
  id: 'threat-detection-off',
  level: 'warning',
  run: ({ desired, bindings }) => {
    const asked = desired.checkLevels['threat-detection-off'];
    const bound = bindings.filter(({ action }) => action === 'create');
    if (!asked || bound.length === 0) return [];
    const engines = listed(bound.map(({ engine, displayName }) => named({ name: engine, displayName })));
    return [
      {
        message: `Agent Engine Threat Detection of Security Command Center stops watching ${engines} once bound to a gateway.`,
        remedy: 'Agree with your security team on what watches these engines instead, or leave them unbound.',
        origin: asked.origin,
      },
    ];
  },
};
