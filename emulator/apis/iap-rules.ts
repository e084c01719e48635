import { invalid } from '../core/errors.js';
import type { Shape } from '../core/shape.js';
import { isPrincipalSet, memberProblem } from '../state/members.js';
import { EGRESSOR } from '../state/policies.js';
import type { State } from '../state/state.js';
import type { Binding, Condition, PolicyTarget } from '../state/types.js';

/** google.iam.v1.Policy (iap discovery). */
export const POLICY_SHAPE: Shape = {
  message: {
    version: 'int',
    etag: 'string',
    bindings: {
      list: {
        message: {
          role: 'string',
          members: { list: 'string' },
          condition: { message: { expression: 'string', title: 'string', description: 'string', location: 'string' } },
        },
      },
    },
  },
};

export interface SentPolicy {
  readonly version?: number;
  readonly etag?: string;
  readonly bindings?: readonly {
    readonly role?: string;
    readonly members?: readonly string[];
    readonly condition?: Condition;
  }[];
}

/** The bindings of a policy to set, after every rule of IAM that a request can break. */
export function checkBindings(state: State, target: PolicyTarget, sent: SentPolicy): Binding[] {
  const version = sent.version ?? 0;
  if (![0, 1, 3].includes(version)) throw invalid(`Invalid policy version ${version}.`, 'policy.version');
  const bindings = (sent.bindings ?? []).map((binding, index) => checkBinding(state, target, binding, version, index));
  checkSize(state, bindings);
  return bindings;
}

function checkBinding(
  state: State,
  target: PolicyTarget,
  sent: NonNullable<SentPolicy['bindings']>[number],
  version: number,
  index: number,
): Binding {
  const field = `policy.bindings[${index}]`;
  const role = sent.role ?? '';
  const isKnown = role === EGRESSOR || state.settings.iap.otherRoles === 'accepted';
  // A `_withcond_` name is only ever shown, never taken back.
  if (!isKnown || !/^(roles|projects|organizations)\//.test(role) || role.includes('_withcond_')) {
    throw invalid(`Role ${role} is not supported for this resource.`, `${field}.role`);
  }
  const members = [...new Set(sent.members ?? [])];
  for (const member of members) {
    const problem = memberProblem(state, member);
    if (problem !== undefined) throw invalid(problem, `${field}.members`);
    if (target.entry && isPrincipalSet(member) && state.settings.iap.principalSetOnResource === 'rejected') {
      throw invalid(`The member ${member} is not supported on this resource.`, `${field}.members`);
    }
  }
  if (sent.condition === undefined) return { role, members };
  if (version !== 3) throw invalid('Policy version 3 is required for conditional role bindings.', 'policy.version');
  if (sent.condition.expression.trim() === '') throw invalid('A condition needs an expression.', `${field}.condition`);
  return { role, members, condition: sent.condition };
}

/** 1,500 principals per policy, each occurrence counted, 250 of them groups (Policy message, discovery text). */
function checkSize(state: State, bindings: readonly Binding[]): void {
  const members = bindings.flatMap((binding) => binding.members);
  const { maxPrincipals } = state.settings.iap;
  if (members.length > maxPrincipals)
    throw invalid(`The number of members in the policy exceeds ${maxPrincipals}.`, 'policy.bindings');
  const groups = members.filter((member) => member.startsWith('group:'));
  if (groups.length > 250) throw invalid('The number of groups in the policy exceeds 250.', 'policy.bindings');
}
