import { invalid } from '../core/errors.js';
import { asJson, asString, asStrings, type Json } from '../core/json.js';
import type { Api } from '../core/router.js';
import { ACCESS_PATH } from '../state/engines.js';
import type { State } from '../state/state.js';
import type { NetworkRecord, Place } from '../state/types.js';
import { kindRoutes, type Kind } from './networking.js';
import { operationRoutes } from './operations.js';

const MAX_CUSTOM_POLICIES = 4;

/** Authorization policies (networksecurity discovery; limits from Google's documentation and public live reports). */
const authzPolicies: Kind = {
  api: 'networksecurity',
  collection: 'authzPolicies',
  idParameter: 'authzPolicyId',
  message: 'AuthzPolicy',
  shape: {
    message: {
      name: 'string',
      createTime: 'string',
      updateTime: 'string',
      description: 'string',
      labels: { map: 'string' },
      target: { message: { resources: { list: 'string' }, loadBalancingScheme: 'string' } },
      action: ['AUTHZ_ACTION_UNSPECIFIED', 'ALLOW', 'DENY', 'CUSTOM', 'DENY_BY_DEFAULT'],
      policyProfile: ['POLICY_PROFILE_UNSPECIFIED', 'REQUEST_AUTHZ', 'CONTENT_AUTHZ'],
      customProvider: {
        message: { authzExtension: { message: { resources: { list: 'string' } } }, cloudIap: 'any' },
      },
      httpRules: { list: 'any' },
      networkRules: { list: 'any' },
    },
  },
  masks: ['description', 'labels', 'target', 'action', 'policyProfile', 'customProvider', 'httpRules', 'networkRules'],
  hasEtag: false,
  records: (state) => state.authzPolicies,
  durationMs: (state) => state.settings.operations.authzMs,
  check: checkPolicy,
  checkDelete: () => undefined,
  onCreate: (state, _place, _id, data) =>
    state.settings.networking.authzPolicyCreate === 'ok'
      ? { policyProfile: 'REQUEST_AUTHZ', ...data }
      : { createTime: data.createTime, updateTime: data.updateTime },
};

export const networksecurity: Api = {
  name: 'networksecurity',
  service: 'networksecurity.googleapis.com',
  versions: ['v1', 'v1beta1'],
  routes: [...kindRoutes(authzPolicies), ...operationRoutes('networksecurity')],
};

function checkPolicy(state: State, place: Place, id: string, data: Json, isNew: boolean): void {
  const target = asJson(data.target);
  const action = asString(data.action);
  if (action === '' || action === 'AUTHZ_ACTION_UNSPECIFIED')
    throw invalid('Required field is not set: action.', 'authz_policy.action');
  const provider = data.customProvider;
  if ((action === 'CUSTOM') !== (provider !== undefined)) {
    throw invalid('custom_provider must be set exactly when action is CUSTOM.', 'authz_policy.custom_provider');
  }
  for (const field of ['httpRules', 'networkRules']) {
    const rules = data[field];
    if (Array.isArray(rules) && rules.length > 5)
      throw invalid(`At most 5 ${field} are allowed.`, `authz_policy.${field}`);
  }
  const gateways = gatewaysOf(state, data);
  if (gateways.length > 0 && target.loadBalancingScheme !== undefined) {
    throw invalid('load_balancing_scheme must not be set for an agent gateway.', 'authz_policy.target');
  }
  const extensions = asStrings(asJson(asJson(provider).authzExtension).resources);
  if (extensions.length > 1)
    throw invalid('Exactly one authorization extension is allowed.', 'authz_policy.custom_provider');
  if (isNew && action === 'CUSTOM') for (const gateway of gateways) checkLimits(state, place, id, data, gateway);
}

/** At most four custom policies on an egress gateway; on ingress only content authorization, and one of it. */
function checkLimits(state: State, _place: Place, id: string, data: Json, gateway: NetworkRecord): void {
  const others = [...state.authzPolicies.values()].filter(
    (policy) => policy.id !== id && policy.data.action === 'CUSTOM' && gatewaysOf(state, policy.data).includes(gateway),
  );
  const isEgress = asJson(gateway.data.googleManaged).governedAccessPath === ACCESS_PATH.egress;
  if (!isEgress && data.policyProfile !== 'CONTENT_AUTHZ') {
    throw invalid('An ingress agent gateway supports CONTENT_AUTHZ policies only.', 'authz_policy.policy_profile');
  }
  if (others.length >= (isEgress ? MAX_CUSTOM_POLICIES : 1)) {
    throw invalid(`Too many custom authorization policies on agent gateway ${gateway.id}.`, 'authz_policy.target');
  }
}

/** The gateways of the world an authorization policy is attached to. */
export function gatewaysOf(state: State, data: Json): NetworkRecord[] {
  return asStrings(asJson(data.target).resources)
    .map((name) => state.findByName(state.gateways, 'agentGateways', name))
    .filter((gateway) => gateway !== undefined);
}
