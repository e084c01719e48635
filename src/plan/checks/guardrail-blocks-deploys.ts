import type { Direction } from '../../config/desired.js';
import { canonicalGateway, gatewayIn, projectsOf } from '../bindings.js';
import { sortBy } from '../canonical.js';
import { directionOf } from '../types.js';
import type { Check, CheckInput } from './check.js';
import { guardedDirections, type Guarded } from './guardrail-world.js';
import { named } from './wording.js';

/**
 * The condition of Google's page wants a gateway on every create and update, so once it is enforced an engine without an
 * approved one cannot even be deployed any more. Engines of other projects and regions below the same place are not looked at.
 */
export const guardrailBlocksDeploys: Check = {
  id: 'guardrail-blocks-deploys',
  level: 'warning',
  run: (input) =>
    guardedDirections(input).flatMap((guarded) => {
      const { direction, node, guardrails } = guarded;
      const blocked = blockedEngines(guarded, input);
      if (blocked.length === 0) return [];
      const { project, region } = input.observed;
      const isOne = blocked.length === 1;
      const when = guardrails.dryRun ? `Once the policy on ${node} is enforced` : `With the policy enforced on ${node}`;
      const which = isOne ? 'this engine' : `these ${blocked.length} engines`;
      // By name, all of them: a project has at most 100 in a region (Google's quota).
      return [
        {
          message: `${when}, ${which} of project ${project.id} in ${region} can no longer be updated, by a deploy for example, since ${isOne ? 'it has' : 'they have'} no approved ${direction} gateway: ${blocked.join(', ')}.`,
          remedy: `Bind ${isOne ? 'it' : 'them'} to an approved gateway first. ${howToCreate(direction, input)}`,
          origin: guardrails.origin,
          ...(guardrails.dryRun ? { isNote: true } : {}),
        },
      ];
    }),
};

function howToCreate(direction: Direction, { desired }: CheckInput): string {
  const gateway = desired.gateways[direction];
  return gateway !== undefined && gateway !== 'none'
    ? 'New engines have to be created with one: the output agent_gateway_config has what a deploy needs.'
    : 'New engines have to be created with one, in their agentGatewayConfig.';
}

/** As they are after the plan; what the config itself leaves unapproved is said by guardrail-forbids-plan. */
function blockedEngines({ direction, isApproved }: Guarded, { observed, bindings }: CheckInput): string[] {
  const projects = projectsOf(observed);
  const own = bindings
    .filter((change) => !directionOf(change, direction).declared && !isApproved(directionOf(change, direction).to))
    .map(({ engine, displayName }) => ({ name: engine, displayName }));
  const others = observed.siblings.filter(({ config }) => {
    const gateway = gatewayIn(config, direction);
    return !isApproved(gateway === null ? null : canonicalGateway(gateway, projects));
  });
  const all = sortBy(
    [...own, ...others],
    ({ displayName }) => displayName,
    ({ name }) => name,
  );
  return all.map(({ displayName, name }) => named({ displayName, name: name.slice(name.lastIndexOf('/') + 1) }));
}
