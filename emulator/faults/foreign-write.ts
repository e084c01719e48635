import { FOREIGN_MEMBER, policyTarget } from '../apis/iap.js';
import { writtenAnew } from '../apis/orgpolicy-policies.js';
import { GoogleError } from '../core/errors.js';
import { asJson } from '../core/json.js';
import {
  EGRESS_PERMISSION,
  EGRESS_SERVICE,
  iamKey,
  rulesOf,
  storeAccessPolicy,
  type AccessPolicyRecord,
} from '../state/access-policies.js';
import { storeEngine } from '../state/engines.js';
import { findNode, policyKey, type NodeKind, type OrgPolicyRecord } from '../state/orgpolicy.js';
import { addMember } from '../state/policies.js';
import type { State } from '../state/state.js';
import type { EngineRecord, PolicyTarget } from '../state/types.js';
import type { Effect } from './effect.js';
import type { FaultOf } from './schema.js';

const ORG_POLICY = /^\/v2\/(projects|folders|organizations)\/([^/]+)\/policies\/([^/:]+)$/;
const ACCESS_POLICY =
  /^\/v[^/]+\/(projects|folders|organizations)\/([^/]+)\/locations\/global\/accessPolicies\/([^/:]+)$/;
const ENGINE = /^\/v[^/]+\/projects\/([^/]+)\/locations\/([^/]+)\/reasoningEngines\/([^/:]+)$/;

/** The same in the form that access policies have. */
const FOREIGN_PRINCIPAL = FOREIGN_MEMBER.replace(
  'serviceAccount:',
  'principal://iam.googleapis.com/projects/-/serviceAccounts/',
);

/** Somebody else's write comes just before this one, so that the etag it carries is stale. The API itself finds out. */
export function foreignWriteEffect({ member }: FaultOf<'foreign-write'>): Effect {
  return {
    before: ({ entry: { path, method }, state, act }) => {
      state.settle();
      const target = path.endsWith(':setIamPolicy') ? targetOf(path, state) : undefined;
      const engine = method === 'PATCH' ? engineOf(path, state) : undefined;
      const isChange = ['PATCH', 'DELETE'].includes(method);
      const orgPolicy = isChange ? orgPolicyOf(path, state) : undefined;
      const policy = isChange ? accessPolicyOf(path, state) : undefined;
      if ([target, engine, orgPolicy, policy].some((found) => found !== undefined)) act();
      if (orgPolicy !== undefined) writtenAnew(state, orgPolicy);
      if (target !== undefined) addMember(state, target, member ?? FOREIGN_MEMBER);
      if (engine !== undefined) {
        const labels = { ...asJson(engine.data.labels), 'changed-by': 'somebody-else' };
        storeEngine(state, engine, { ...engine.data, labels });
      }
      if (policy !== undefined) addRule(state, policy, member ?? FOREIGN_PRINCIPAL);
      return undefined;
    },
  };
}

function targetOf(path: string, state: State): PolicyTarget | undefined {
  try {
    return policyTarget(decodeURIComponent(path).replace(/^\/v[^/]+\/|:setIamPolicy$/g, ''), state);
  } catch (error) {
    // The API refuses what is no policy, in its own words.
    if (error instanceof GoogleError) return undefined;
    throw error;
  }
}

/** By the node's name, as the policy's own routes have it. */
function orgPolicyOf(path: string, state: State): OrgPolicyRecord | undefined {
  const [, kind, id = '', constraint = ''] = ORG_POLICY.exec(path) ?? [];
  const node = kind === undefined ? undefined : findNode(state.projects, kind as NodeKind, id);
  return node && state.orgPolicy.policies.get(policyKey(node, constraint));
}

function accessPolicyOf(path: string, state: State): AccessPolicyRecord | undefined {
  const [, kind, node = '', id = ''] = ACCESS_POLICY.exec(path) ?? [];
  const found = kind === undefined ? undefined : findNode(state.projects, kind as NodeKind, node);
  return found && state.accessPolicies.get(iamKey(found, id));
}

/** One more rule at the end of the policy, for egress of somebody else. */
function addRule(state: State, policy: AccessPolicyRecord, member: string): void {
  const rule = {
    description: 'Written by somebody else',
    effect: 'ALLOW',
    principals: [member],
    operation: { permissions: [EGRESS_PERMISSION] },
    conditions: { [EGRESS_SERVICE]: { expression: "(destination.unregistered.host in ['elsewhere.example.com'])" } },
  };
  const data = { ...policy.data, details: { rules: [...rulesOf(policy.data), rule] }, updateTime: state.clock.iso() };
  storeAccessPolicy(state, { ...policy, data, etag: state.ids.policyEtag() }, state.clock.now());
}

function engineOf(path: string, state: State): EngineRecord | undefined {
  const [, id = '', location = '', engine = ''] = ENGINE.exec(path) ?? [];
  const project = state.findProject(id);
  return project && state.findEngine({ project, location }, engine);
}
