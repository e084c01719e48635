import { evaluateCondition } from './decide-conditions.js';
import { servicesWithHost } from './decide-registry.js';
import type { EgressRequest, Verdict } from './decide-types.js';
import { covers } from './state/members.js';
import { targetKey } from './state/names.js';
import { EGRESSOR, policyOf } from './state/policies.js';
import type { State } from './state/state.js';
import type { NetworkRecord, PolicyTarget } from './state/types.js';

/** What IAP's allow policies (V1) say about principal and host. */
export function allowPolicyVerdict(
  state: State,
  gateway: NetworkRecord,
  { principal, host }: EgressRequest,
  trail: string[],
): Verdict {
  const services = servicesWithHost(state, gateway, host);
  if (services.length === 0) {
    trail.push(`${host} is registered in no registry attached to the gateway (hosts match exactly).`);
    return { allowed: false, reason: 'not-registered' };
  }
  const verdicts = services.map(({ project, location, collection, resourceId }) =>
    grantVerdict(state, { project, location, entry: { collection, id: resourceId } }, principal, trail),
  );
  return verdicts.find((verdict) => verdict.allowed) ?? verdicts[0] ?? { allowed: false, reason: 'no-grant' };
}

/** "A per-resource binding replaces the registry-wide binding for that specific resource instead of merging with it." */
function grantVerdict(state: State, target: PolicyTarget, principal: string, trail: string[]): Verdict {
  const own = policyOf(state, target).bindings;
  const { project, location } = target;
  const source = own.length > 0 ? target : { project, location };
  const bindings = own.length > 0 ? own : policyOf(state, source).bindings;
  trail.push(`Policy that decides: ${targetKey(source)}${own.length > 0 ? ' (replaces the registry-wide one)' : ''}.`);
  const matching = bindings.filter(
    (binding) => binding.role === EGRESSOR && binding.members.some((member) => covers(member, principal)),
  );
  if (matching.length === 0) {
    trail.push(`No ${EGRESSOR} binding covers ${principal}.`);
    return { allowed: false, reason: 'no-grant' };
  }
  const results = matching.map((binding) =>
    binding.condition === undefined ? true : evaluateCondition(binding.condition.expression, state.clock.now()),
  );
  if (results.includes(true)) {
    trail.push('A binding grants it.');
    return { allowed: true, reason: 'granted' };
  }
  const expressions = matching.map((binding) => binding.condition?.expression ?? '').join('; ');
  if (results.includes('unknown')) {
    trail.push(`Only under a condition the emulator cannot evaluate: ${expressions}`);
    return { allowed: false, reason: 'condition-unknown' };
  }
  trail.push(`The condition does not hold: ${expressions}`);
  return { allowed: false, reason: 'condition-false' };
}
