import { asJson, asString, asStrings, type Json } from './core/json.js';
import { evaluateCondition } from './decide-conditions.js';
import { gatewaysOf } from './apis/networksecurity.js';
import { bindingOf, principalOf } from './state/engines.js';
import { covers } from './state/members.js';
import { EGRESSOR, policyOf } from './state/policies.js';
import { interfaceUrls, isVisible, servicesIn } from './state/services.js';
import { targetKey } from './state/names.js';
import type { State } from './state/state.js';
import type { NetworkRecord, Place, PolicyTarget } from './state/types.js';

export type DecisionReason =
  | 'unknown-principal'
  | 'not-bound'
  | 'gateway-missing'
  | 'no-authorization-policy'
  | 'policy-denies'
  | 'extension-missing'
  | 'extension-unavailable'
  | 'policy-version-v2'
  | 'not-registered'
  | 'no-grant'
  | 'condition-false'
  | 'condition-unknown'
  | 'granted';

/** May the request pass, does a gateway really enforce that, and why. Under DRY_RUN `reason` is what enforcement would have said. */
export interface Decision {
  readonly allowed: boolean;
  readonly enforced: boolean;
  readonly reason: DecisionReason;
  /** Each step in one sentence. */
  readonly trail: readonly string[];
}

interface Verdict {
  readonly allowed: boolean;
  readonly reason: DecisionReason;
}

/**
 * Would this agent reach this host right now? Follows the path of a request as the documentation has it: engine bound to an egress
 * gateway, request authorization on the gateway, host registered exactly in an attached registry, and a grant of
 * roles/iap.egressor, where a policy on the entry itself replaces the registry-wide one.
 */
export function decide(state: State, principal: string, host: string): Decision {
  const trail: string[] = [];
  const identity = principal.includes('://') ? principal : `principal://${principal}`;
  const engine = [...state.engines.values()].find((item) => principalOf(item) === identity);
  if (engine === undefined) {
    trail.push(`No engine has the identity ${identity}.`);
    return { allowed: false, enforced: false, reason: 'unknown-principal', trail };
  }
  const name = bindingOf(engine.data).egress;
  if (name === undefined) {
    trail.push(`Engine ${engine.id} is not bound to an egress gateway: its traffic takes the direct way.`);
    return { allowed: true, enforced: false, reason: 'not-bound', trail };
  }
  const gateway = state.findByName(state.gateways, 'agentGateways', name);
  if (gateway === undefined) {
    trail.push(`Engine ${engine.id} is bound to ${name}, which does not exist.`);
    return { allowed: false, enforced: true, reason: 'gateway-missing', trail };
  }
  trail.push(`Engine ${engine.id} is bound to egress gateway ${gateway.id}.`);
  return throughGateway(state, gateway, identity, host, trail);
}

function throughGateway(
  state: State,
  gateway: NetworkRecord,
  principal: string,
  host: string,
  trail: string[],
): Decision {
  const policies = [...state.authzPolicies.values()].filter((policy) =>
    gatewaysOf(state, policy.data).includes(gateway),
  );
  const requests = policies.filter((policy) => (policy.data.policyProfile ?? 'REQUEST_AUTHZ') === 'REQUEST_AUTHZ');
  if (requests.some((policy) => policy.data.action === 'DENY' && policy.data.httpRules === undefined)) {
    trail.push('An authorization policy with action DENY and no rules refuses everything.');
    return { allowed: false, enforced: true, reason: 'policy-denies', trail };
  }
  const custom = requests.filter((policy) => policy.data.action === 'CUSTOM');
  if (custom.length === 0) {
    const allowed = state.settings.gateway.withoutPolicy === 'allowed';
    trail.push('No request authorization policy targets the gateway: the proxy decides without IAP.');
    return { allowed, enforced: !allowed, reason: 'no-authorization-policy', trail };
  }
  const verdict = iapVerdict(state, gateway, principal, host, trail);
  const decisions = custom.map((policy) => underExtension(state, policy, verdict, trail));
  // Every policy must let the request pass; the first that really refuses is the answer.
  const decision = decisions.find((item) => !item.allowed) ?? decisions.find((item) => item.enforced) ?? decisions[0];
  return { ...(decision ?? { allowed: false, enforced: true, reason: 'no-authorization-policy' as const }), trail };
}

function underExtension(
  state: State,
  policy: NetworkRecord,
  verdict: Verdict,
  trail: string[],
): Omit<Decision, 'trail'> {
  const provider = asJson(policy.data.customProvider);
  const name = asStrings(asJson(provider.authzExtension).resources)[0] ?? '';
  const extension = state.findByName(state.extensions, 'authzExtensions', name);
  if (extension === undefined) {
    trail.push(`Authorization policy ${policy.id} names an extension that does not exist: ${name || 'none'}.`);
    return { allowed: false, enforced: true, reason: 'extension-missing' };
  }
  if (extension.data.service !== 'iap.googleapis.com') {
    trail.push(`Extension ${extension.id} asks ${asString(extension.data.service)}, which the emulator lets pass.`);
    return { allowed: true, enforced: false, reason: 'no-authorization-policy' };
  }
  return underIap(state, extension, verdict, trail);
}

function underIap(state: State, extension: NetworkRecord, verdict: Verdict, trail: string[]): Omit<Decision, 'trail'> {
  const metadata: Json = asJson(extension.data.metadata);
  if (!state.settings.gateway.extensionAvailable) {
    const open = extension.data.failOpen === true;
    trail.push(`IAP does not answer and failOpen is ${String(open)}.`);
    return { allowed: open, enforced: !open, reason: 'extension-unavailable' };
  }
  if (extension.data.failOpen === true) trail.push('failOpen: if IAP did not answer, every request would pass.');
  const isV2 = metadata.iapPolicyVersion === 'V2';
  if (isV2)
    trail.push('The extension says V2: access policies decide, and none exists here; egressor grants are inert.');
  const answer: Verdict = isV2 ? { allowed: false, reason: 'policy-version-v2' } : verdict;
  if (metadata.iamEnforcementMode === 'DRY_RUN') {
    trail.push(`DRY_RUN: the answer (${answer.allowed ? 'allow' : 'deny'}) is only logged.`);
    return { allowed: true, enforced: false, reason: answer.reason };
  }
  return { ...answer, enforced: true };
}

/** What IAP's allow policies (V1) say about principal and host. */
function iapVerdict(state: State, gateway: NetworkRecord, principal: string, host: string, trail: string[]): Verdict {
  const entries = attachedPlaces(state, gateway).flatMap((place) => entriesWithHost(state, place, host));
  if (entries.length === 0) {
    trail.push(`${host} is registered in no registry attached to the gateway (hosts match exactly).`);
    return { allowed: false, reason: 'not-registered' };
  }
  const verdicts = entries.map((entry) => grantVerdict(state, entry, principal, trail));
  return verdicts.find((verdict) => verdict.allowed) ?? verdicts[0] ?? { allowed: false, reason: 'no-grant' };
}

/** Attached registries; a regional entry is looked at before a global one. */
function attachedPlaces(state: State, gateway: NetworkRecord): Place[] {
  const places = asStrings(gateway.data.registries).flatMap((name) => {
    const [, id, location] = /projects\/([^/]+)\/locations\/([^/]+)$/.exec(name) ?? [];
    const project = id === undefined ? undefined : state.findProject(id);
    return project === undefined || location === undefined ? [] : [{ project, location }];
  });
  return places.sort((a, b) => Number(a.location === 'global') - Number(b.location === 'global'));
}

function entriesWithHost(state: State, place: Place, host: string): PolicyTarget[] {
  const wanted = host.toLowerCase();
  const services = servicesIn(state, place).filter(
    (record) => isVisible(state, record) && interfaceUrls(record.data).some((url) => authority(url) === wanted),
  );
  return services.map((record) => ({ ...place, entry: { collection: record.collection, id: record.resourceId } }));
}

/** Host of a URL as written: `host:443` is not `host` to the gateway, and URL parsers drop the default port. */
export function authority(url: string): string {
  return (/^[a-z][a-z0-9+.-]*:\/\/([^/?#]+)/i.exec(url)?.[1] ?? '').toLowerCase();
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
