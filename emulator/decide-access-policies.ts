import { compileEgressCondition, withLiterals } from './apis/iam-conditions.js';
import { canonicalName, entryInForm } from './apis/iam-names.js';
import { asJson, asString, asStrings, type Json } from './core/json.js';
import { destinationsOf, isMcpBaseMethod, type Destination } from './decide-destinations.js';
import type { DecidingRule, EgressRequest, Verdict } from './decide-types.js';
import {
  egressCondition,
  EGRESS_PERMISSION,
  gatewayTargetName,
  nodeTarget,
  rulesOf,
  type AccessPolicyRecord,
} from './state/access-policies.js';
import { covers } from './state/members.js';
import { lineage } from './state/orgpolicy.js';
import type { State } from './state/state.js';
import type { NetworkRecord } from './state/types.js';

/**
 * What access policies (V2) say: all that are bound to the gateway's project and above count. "DENY rules first; any matching DENY
 * is final", then any matching ALLOW permits, and nothing matched is denied. Rules have no order (overview page, protos).
 */
export function accessPolicyVerdict(
  state: State,
  gateway: NetworkRecord,
  request: EgressRequest,
  trail: string[],
): Verdict {
  const policies = policiesFor(state, gateway);
  trail.push(`Access policies that count: ${policies.map(nameOf).join(', ') || 'none'}.`);
  const destinations = destinationsOf(state, gateway, request);
  if (destinations.every(({ attributes }) => attributes.is_registered === false))
    trail.push(`${request.host} is registered in no registry attached to the gateway (hosts match exactly).`);
  for (const effect of ['DENY', 'ALLOW'] as const) {
    const rule = findRule(state, policies, effect, request, destinations);
    if (rule === undefined) continue;
    const text = rule.description === undefined ? '' : ` (${rule.description})`;
    trail.push(`${effect} rule ${rule.index} of ${rule.policy}${text} matches.`);
    return { allowed: effect === 'ALLOW', reason: effect === 'ALLOW' ? 'allowed-by-rule' : 'denied-by-rule', rule };
  }
  if (state.settings.iam.mcpBaseMethods === 'allowed' && isMcpBaseMethod(request, destinations)) {
    trail.push(`${request.mcp?.method ?? ''} is a base method of the MCP server: no rule is asked for.`);
    return { allowed: true, reason: 'mcp-base-method' };
  }
  trail.push('No rule matches: denied.');
  return { allowed: false, reason: 'no-rule' };
}

/** The policies bound to the gateway's project and its ancestors, as they were when the last change had reached the gateway. */
function policiesFor(state: State, gateway: NetworkRecord): AccessPolicyRecord[] {
  const asOf = state.clock.now() - state.settings.iam.propagationMs;
  const { project } = gateway;
  const nodes = lineage(state.projects, { kind: 'projects', id: project.number, project });
  const targets = [...nodes.map(nodeTarget), gatewayTargetName(gateway)];
  const { bindings, policies } = state.accessHistory;
  const bound = new Set(
    bindings
      .valuesAt(asOf)
      .filter(({ target }) => targets.includes(target))
      .map(({ policyUid }) => policyUid),
  );
  return policies.valuesAt(asOf).filter(({ uid }) => bound.has(uid));
}

function findRule(
  state: State,
  policies: readonly AccessPolicyRecord[],
  effect: 'ALLOW' | 'DENY',
  request: EgressRequest,
  destinations: readonly Destination[],
): DecidingRule | undefined {
  for (const policy of policies) {
    for (const [index, rule] of rulesOf(policy.data).entries()) {
      if (rule.effect !== effect || !concerns(rule, request.principal)) continue;
      if (!destinations.some((destination) => holds(state, rule, destination))) continue;
      const description = asString(rule.description);
      return { policy: nameOf(policy), index, effect, ...(description === '' ? {} : { description }) };
    }
  }
  return undefined;
}

/** Is the rule about egress of this principal? */
function concerns(rule: Json, principal: string): boolean {
  const { permissions, excludedPermissions } = asJson(rule.operation);
  const isIn = (members: unknown): boolean => asStrings(members).some((member) => covers(member, principal));
  return (
    asStrings(permissions).includes(EGRESS_PERMISSION) &&
    !asStrings(excludedPermissions).includes(EGRESS_PERMISSION) &&
    isIn(rule.principals) &&
    !isIn(rule.excludedPrincipals)
  );
}

/** Does the rule's condition hold? Names of projects and hosts with `*` are compared as the switches say. */
function holds(state: State, rule: Json, { attributes, host }: Destination): boolean {
  const expression = egressCondition(rule);
  if (expression === undefined) return true;
  const { destinationNames, wildcardHosts } = state.settings.iam;
  const written = withLiterals(expression, (literal) => {
    if (wildcardHosts === 'match' && literal.startsWith('*.') && host.endsWith(literal.slice(1))) return host;
    return destinationNames === 'both' ? entryInForm(state, literal, 'number') : literal;
  });
  return compileEgressCondition(written)(attributes);
}

const nameOf = ({ node, id }: AccessPolicyRecord): string => canonicalName(node, 'accessPolicies', id);
