import { createHash } from 'node:crypto';
import { GoogleError, invalid, notFound } from '../core/errors.js';
import { asJson, asStrings, compact, type Json } from '../core/json.js';
import { post, type Api, type Call } from '../core/router.js';
import { readMessage } from '../core/shape.js';
import { addMember, policyOf, storePolicy } from '../state/policies.js';
import { targetExists } from '../state/services.js';
import type { State } from '../state/state.js';
import type { Binding, Collection, PolicyTarget, StoredPolicy } from '../state/types.js';
import { checkBindings, POLICY_SHAPE, type SentPolicy } from './iap-rules.js';

const RESOURCE = '{resource=**}';
const PERMISSION = 'iap.webServiceVersions';
const SERVICE = 'iap.googleapis.com';

/** IAP policies on a registry and its entries: three immediate calls on one kind of path (iap discovery; gcloud's resource paths). */
export const iap: Api = {
  name: 'iap',
  service: SERVICE,
  versions: ['v1', 'v1beta1'],
  routes: [
    post(`${RESOURCE}:getIamPolicy`, getIamPolicy, [], false),
    post(`${RESOURCE}:setIamPolicy`, setIamPolicy),
    post(`${RESOURCE}:testIamPermissions`, testIamPermissions, [], false),
  ],
};

/** Who the writer of `iap.foreignWrites` adds. */
export const FOREIGN_MEMBER = 'serviceAccount:somebody-else@another-team.iam.gserviceaccount.com';

const PATH =
  /^projects\/([^/]+)\/locations\/([^/]+)\/iap_web\/agentRegistry(?:\/(endpoints|agents|mcpServers)\/([^/]+))?$/;

/**
 * The target a path names. A path that is none, one with an empty id above all, is a 404:
 * it must never be taken for the policy of the whole registry.
 */
export function policyTarget(resource: string, state: State): PolicyTarget {
  const match = PATH.exec(resource);
  if (!match) throw notFound('Requested entity was not found.');
  const [, project = '', location = '', collection, id] = match;
  const place = { project: state.project(project), location };
  if (collection === undefined || id === undefined) return place;
  const target: PolicyTarget = { ...place, entry: { collection: collection as Collection, id } };
  if (state.settings.iap.unknownResource === 'accepted' || targetExists(state, target)) return target;
  throw notFound('Requested entity was not found.');
}

/** Policies with conditions are shown whole to callers who ask for version 3 only (IAM "Specifying a policy version when getting a policy"). */
function getIamPolicy(call: Call, state: State): Json {
  const target = policyTarget(call.param('resource'), state);
  state.need(`${PERMISSION}.getIamPolicy`, call.param('resource'), SERVICE);
  const shape = { message: { options: { message: { requestedPolicyVersion: 'int' } } } } as const;
  const options = asJson(readMessage(call.body, shape, 'request').options);
  const version = Number(options.requestedPolicyVersion ?? 0);
  if (![0, 1, 3].includes(version))
    throw invalid(`Invalid requested policy version ${version}.`, 'options.requested_policy_version');
  return policyJson(policyOf(state, target), version);
}

/** Replaces a policy: the etag decides whether it is still the one that was read; a stale one is 409 ABORTED. */
function setIamPolicy(call: Call, state: State): Json {
  const target = policyTarget(call.param('resource'), state);
  state.need(`${PERMISSION}.setIamPolicy`, call.param('resource'), SERVICE);
  const shape = { message: { policy: POLICY_SHAPE } } as const;
  const sent = asJson(readMessage(call.body, shape, 'request').policy) as SentPolicy;
  for (const hook of state.policyHooks) hook(target);
  foreignWrite(state, target);
  const current = policyOf(state, target);
  const bindings = checkBindings(state, target, sent);
  checkEtag(sent, current);
  return policyJson(storePolicy(state, target, bindings), 3);
}

/** Somebody else's write comes in between, as often as the switch says. */
function foreignWrite(state: State, target: PolicyTarget): void {
  if (state.settings.iap.foreignWrites === 0) return;
  state.settings.iap.foreignWrites -= 1;
  addMember(state, target, FOREIGN_MEMBER);
}

/**
 * With an etag, a policy that has conditions may only be changed as version 3. Without one anything overwrites anything,
 * conditions included: that is what IAM's documentation warns of.
 */
function checkEtag(sent: SentPolicy, current: StoredPolicy): void {
  if (sent.etag === undefined || sent.etag === '') return;
  if (sent.etag !== current.etag) {
    throw new GoogleError(
      'ABORTED',
      'There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff.',
    );
  }
  if (hasConditions(current.bindings) && sent.version !== 3) {
    throw invalid('Policy version 3 is required to change a policy with conditional role bindings.', 'policy.version');
  }
}

function testIamPermissions(call: Call, state: State): Json {
  policyTarget(call.param('resource'), state);
  const permissions = asStrings(asJson(call.body).permissions);
  const held = permissions.filter((permission) => state.isAllowed(permission, call.param('resource')));
  return held.length > 0 ? { permissions: held } : {};
}

/** A policy as JSON: an empty one has an etag and nothing else (public live output). */
function policyJson(policy: StoredPolicy, version: number): Json {
  if (policy.bindings.length === 0) return { etag: policy.etag };
  const conditional = hasConditions(policy.bindings);
  const whole = conditional && version === 3;
  const bindings = whole ? policy.bindings.map(bindingJson) : policy.bindings.map(flatBinding);
  return { version: whole ? 3 : 1, etag: policy.etag, bindings };
}

function bindingJson(binding: Binding): Json {
  const { condition } = binding;
  return compact({
    role: binding.role,
    members: [...binding.members],
    condition: condition && compact({ ...condition }),
  });
}

/** Below version 3 a conditional role is shown under a name with a hash and without its condition (IAM, `_withcond_`). */
function flatBinding(binding: Binding): Json {
  if (binding.condition === undefined) return bindingJson(binding);
  const hash = createHash('sha256').update(JSON.stringify(binding.condition)).digest('hex').slice(0, 20);
  return { role: `${binding.role}_withcond_${hash}`, members: [...binding.members] };
}

function hasConditions(bindings: readonly Binding[]): boolean {
  return bindings.some((binding) => binding.condition !== undefined);
}
