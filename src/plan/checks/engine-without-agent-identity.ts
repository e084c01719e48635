import { DIRECTIONS } from '../../config/desired.js';
import type { Check } from './check.js';

/**
 * Agent Gateway needs an engine with an agent identity, and a grant needs its principal. The identity type is fixed
 * when an engine is created: a later change is accepted and silently ignored (public report of Google's agents-cli).
 */
export const engineWithoutAgentIdentity: Check = {
  id: 'engine-without-agent-identity',
  level: 'error',
  run: ({ desired, observed }) => {
    const binds = DIRECTIONS.some((direction) => {
      const gateway = desired.gateways[direction];
      return gateway !== undefined && gateway !== 'none';
    });
    return observed.engines
      .filter(({ principal }) => principal === undefined)
      .filter(({ name }) => binds || (observed.selection.allow.get(name) ?? []).length > 0)
      .map((engine) => ({
        message: `Engine ${JSON.stringify(engine.displayName)} (${engine.name}) has no agent identity: identityType is ${
          engine.identityType || 'not set'
        }, effectiveIdentity is ${JSON.stringify(engine.resource.spec?.effectiveIdentity ?? '')}.`,
        remedy:
          'Deploy it anew with identity_type AGENT_IDENTITY (the type of an existing engine cannot be changed), then run again.',
      }));
  },
};
