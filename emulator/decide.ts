import { gatewaysOf } from './apis/networksecurity.js';
import { asJson, asString, asStrings, type Json } from './core/json.js';
import { accessPolicyVerdict } from './decide-access-policies.js';
import { allowPolicyVerdict } from './decide-allow-policies.js';
import type { Decision, EgressRequest, PolicyModel, RequestDetails, Verdict } from './decide-types.js';
import { bindingOf, principalOf } from './state/engines.js';
import type { State } from './state/state.js';
import type { NetworkRecord } from './state/types.js';

type Answer = Omit<Decision, 'trail'>;

/**
 * Would this agent reach this host right now? Follows the path of a request as the documentation has it: engine bound to an egress
 * gateway, request authorization on the gateway, and then the model its IAP extension names. V1: host registered exactly in an
 * attached registry, and a grant of roles/iap.egressor, where a policy on the entry itself replaces the registry-wide one.
 * V2: the rules of all access policies bound to the gateway's project and above.
 */
export function decide(state: State, principal: string, host: string, details: RequestDetails = {}): Decision {
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
  return { ...throughGateway(state, gateway, { ...details, principal: identity, host }, trail), trail };
}

function throughGateway(state: State, gateway: NetworkRecord, request: EgressRequest, trail: string[]): Answer {
  const policies = [...state.authzPolicies.values()].filter((policy) =>
    gatewaysOf(state, policy.data).includes(gateway),
  );
  const requests = policies.filter((policy) => (policy.data.policyProfile ?? 'REQUEST_AUTHZ') === 'REQUEST_AUTHZ');
  if (requests.some((policy) => policy.data.action === 'DENY' && policy.data.httpRules === undefined)) {
    trail.push('An authorization policy with action DENY and no rules refuses everything.');
    return { allowed: false, enforced: true, reason: 'policy-denies' };
  }
  const custom = requests.filter((policy) => policy.data.action === 'CUSTOM');
  if (custom.length === 0) {
    const allowed = state.settings.gateway.withoutPolicy === 'allowed';
    trail.push('No request authorization policy targets the gateway: the proxy decides without IAP.');
    return { allowed, enforced: !allowed, reason: 'no-authorization-policy' };
  }
  const verdicts = new Map<PolicyModel, Verdict>();
  const verdictOf = (model: PolicyModel): Verdict => {
    const say = model === 'V2' ? accessPolicyVerdict : allowPolicyVerdict;
    const verdict = verdicts.get(model) ?? say(state, gateway, request, trail);
    verdicts.set(model, verdict);
    return verdict;
  };
  const answers = custom.map((policy) => underExtension(state, policy, verdictOf, trail));
  // Every policy must let the request pass; the first that really refuses is the answer.
  const answer = answers.find((item) => !item.allowed) ?? answers.find((item) => item.enforced) ?? answers[0];
  return answer ?? { allowed: false, enforced: true, reason: 'no-authorization-policy' };
}

function underExtension(
  state: State,
  policy: NetworkRecord,
  verdictOf: (model: PolicyModel) => Verdict,
  trail: string[],
): Answer {
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
  return underIap(state, extension, verdictOf, trail);
}

function underIap(
  state: State,
  extension: NetworkRecord,
  verdictOf: (model: PolicyModel) => Verdict,
  trail: string[],
): Answer {
  const metadata: Json = asJson(extension.data.metadata);
  if (!state.settings.gateway.extensionAvailable) {
    const open = extension.data.failOpen === true;
    trail.push(`IAP does not answer and failOpen is ${String(open)}.`);
    return { allowed: open, enforced: !open, reason: 'extension-unavailable' };
  }
  if (extension.data.failOpen === true) trail.push('failOpen: if IAP did not answer, every request would pass.');
  const model = modelOf(state, metadata);
  trail.push(`Extension ${extension.id} says ${model}: ${MODELS[model]}.`);
  const verdict = verdictOf(model);
  if (metadata.iamEnforcementMode === 'DRY_RUN') {
    trail.push(`DRY_RUN: the answer (${verdict.allowed ? 'allow' : 'deny'}) is only logged.`);
    return { ...verdict, allowed: true, enforced: false, model };
  }
  return { ...verdict, enforced: true, model };
}

const MODELS = { V1: 'allow policies decide', V2: 'access policies decide, and egressor grants are inert' };

/** "The extension decides, per extension"; what an absent key means is not documented: a switch. */
function modelOf(state: State, { iapPolicyVersion }: Json): PolicyModel {
  if (iapPolicyVersion === 'V1' || iapPolicyVersion === 'V2') return iapPolicyVersion;
  return state.settings.gateway.withoutPolicyVersion;
}
