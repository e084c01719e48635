import { canonicalGateway, gatewayIn, projectsOf } from '../bindings.js';
import { sortBy } from '../canonical.js';
import { directionOf } from '../types.js';
import type { Check, CheckInput } from './check.js';
import { guardedDirections, type Guarded } from './guardrail-world.js';
import { listed, named } from './wording.js';

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
      const what = guardrails.dryRun ? 'would no longer be possible once it is enforced' : 'is no longer possible';
      return [
        {
          message: `With the policy on ${node}, an update of ${blocked.length === 1 ? 'this engine' : `these ${blocked.length} engines`} of project ${project.id} in ${region} ${what}, since ${blocked.length === 1 ? 'it has' : 'they have'} no approved ${direction} gateway: ${listed(blocked)}.`,
          remedy: `Bind them to an approved gateway first. New engines have to be created with one: the output agent_gateway_config has what a deploy needs.`,
          origin: guardrails.origin,
          ...(guardrails.dryRun ? { isNote: true } : {}),
        },
      ];
    }),
};

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
  return all.map(named);
}
