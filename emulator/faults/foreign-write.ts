import { FOREIGN_MEMBER, policyTarget } from '../apis/iap.js';
import { writtenAnew } from '../apis/orgpolicy-policies.js';
import { GoogleError } from '../core/errors.js';
import { asJson } from '../core/json.js';
import { storeEngine } from '../state/engines.js';
import { findNode, policyKey, type NodeKind, type OrgPolicyRecord } from '../state/orgpolicy.js';
import { addMember } from '../state/policies.js';
import type { State } from '../state/state.js';
import type { EngineRecord, PolicyTarget } from '../state/types.js';
import type { Effect } from './effect.js';
import type { FaultOf } from './schema.js';

const POLICY = /^\/v2\/(projects|folders|organizations)\/([^/]+)\/policies\/([^/:]+)$/;
const ENGINE = /^\/v[^/]+\/projects\/([^/]+)\/locations\/([^/]+)\/reasoningEngines\/([^/:]+)$/;

/** Somebody else's write comes just before this one, so that the etag it carries is stale. The API itself finds out. */
export function foreignWriteEffect({ member = FOREIGN_MEMBER }: FaultOf<'foreign-write'>): Effect {
  return {
    before: ({ entry: { path, method }, state, act }) => {
      const target = path.endsWith(':setIamPolicy') ? targetOf(path, state) : undefined;
      const engine = method === 'PATCH' ? engineOf(path, state) : undefined;
      const policy = ['PATCH', 'DELETE'].includes(method) ? orgPolicyOf(path, state) : undefined;
      if ([target, engine, policy].some((found) => found !== undefined)) act();
      if (policy !== undefined) writtenAnew(state, policy);
      if (target !== undefined) addMember(state, target, member);
      if (engine !== undefined) {
        const labels = { ...asJson(engine.data.labels), 'changed-by': 'somebody-else' };
        storeEngine(state, engine, { ...engine.data, labels });
      }
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
  const [, kind, id = '', constraint = ''] = POLICY.exec(path) ?? [];
  const node = kind === undefined ? undefined : findNode(state.projects, kind as NodeKind, id);
  return node && state.orgPolicy.policies.get(policyKey(node, constraint));
}

function engineOf(path: string, state: State): EngineRecord | undefined {
  const [, id = '', location = '', engine = ''] = ENGINE.exec(path) ?? [];
  const project = state.findProject(id);
  return project && state.findEngine({ project, location }, engine);
}
