import type { Check } from './check.js';
import { engineOf, listed, named } from './wording.js';

/** `api_mode` of the methods that are called through `query` and `streamQuery` (Agent Engine SDK). */
const GOVERNED = new Set(['', 'async', 'stream', 'async_stream']);
/** Listed by every agent of the SDK's template, but only served in the experimental server mode (public deployments). */
const BIDIRECTIONAL = 'bidi_stream';

/** An ingress gateway governs `query` and `streamQuery` only ("Route Agent Runtime traffic through Agent Gateway" page). */
export const ingressUngovernedMethods: Check = {
  id: 'ingress-ungoverned-methods',
  level: 'warning',
  run: ({ observed, bindings }) =>
    bindings.flatMap(({ engine: name, ingress }) => {
      const engine = engineOf(observed, name);
      if (!engine || !ingress.declared || ingress.to === null) return [];
      const { classMethods = [], deploymentSpec } = engine.resource.spec ?? {};
      const isExperimental = deploymentSpec?.agentServerMode === 'EXPERIMENTAL';
      const methods = classMethods.flatMap((method) => ungoverned(method, isExperimental)).sort();
      if (methods.length === 0) return [];
      return [
        {
          message: `Calls of ${listed(methods)} of engine ${named(engine)} do not pass the ingress gateway ${ingress.to}, which governs only query and streamQuery.`,
          remedy:
            'Take these methods out of the agent, or make sure that only trusted callers have IAM access to the engine.',
        },
      ];
    }),
};

function ungoverned(method: Record<string, unknown>, isExperimental: boolean): string[] {
  const mode = method.api_mode ?? method.apiMode ?? '';
  if (typeof mode !== 'string' || GOVERNED.has(mode) || (mode === BIDIRECTIONAL && !isExperimental)) return [];
  return [`${typeof method.name === 'string' ? method.name : 'a method without a name'} (${mode})`];
}
