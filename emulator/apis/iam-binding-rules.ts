import { invalid, notFound, type GoogleError } from '../core/errors.js';
import { asJson, asString, type Json } from '../core/json.js';
import type { Shape } from '../core/shape.js';
import {
  bindingsOfPolicy,
  bindingsOfTarget,
  gatewayTargetName,
  iamKey,
  nodeTarget,
  type AccessPolicyRecord,
  type PolicyBindingRecord,
} from '../state/access-policies.js';
import { bindingConstraint } from '../state/managed-constraint.js';
import { findNode, nodeName, organizationOf, type HierarchyNode, type NodeKind } from '../state/orgpolicy.js';
import type { State } from '../state/state.js';
import { isSameNode, namedError, nodeOfTarget, type Parent } from './iam-names.js';
import { COMMON_FIELDS } from './iam-policy-rules.js';

/** google.iam.v3.PolicyBinding; only v3 has regional access boundaries (generated clients). */
export const bindingShape = (version: string): Shape => ({
  message: {
    ...COMMON_FIELDS,
    policyUid: 'string',
    policy: 'string',
    target: { message: { resource: 'string', principalSet: 'string' } },
    policyKind: [
      ...['POLICY_KIND_UNSPECIFIED', 'PRINCIPAL_ACCESS_BOUNDARY', 'ACCESS'],
      ...(version === 'v3' ? ['REGIONAL_ACCESS_BOUNDARY'] : []),
    ],
    condition: { message: { expression: 'string', title: 'string', description: 'string', location: 'string' } },
  },
});

/** What a binding binds to: a node of the hierarchy, or with the switch a gateway. */
export interface Target {
  /** The node itself, or the project of the gateway. */
  readonly node: HierarchyNode;
  /** Full name with the project number. */
  readonly name: string;
}

/** Throws what is wrong with the kind and the condition: a binding of an access policy has neither a choice. */
export function checkKind(binding: Json): void {
  const kind = asString(binding.policyKind);
  if (!['', 'POLICY_KIND_UNSPECIFIED', 'ACCESS'].includes(kind))
    throw invalid(`Policy kind ${kind} does not match the kind of the policy.`, 'policy_binding.policy_kind');
  if (binding.condition !== undefined)
    throw invalid('Conditions are supported for principal access boundary policies only.', 'policy_binding.condition');
}

/** The target of a binding: "the closest Resource Manager node to the target" must be the parent (protos). */
export function targetOf(state: State, parent: Parent, binding: Json): Target {
  const resource = asString(asJson(binding.target).resource);
  if (resource === '') throw invalid('Required field is not set: target.resource.', 'policy_binding.target');
  const target = resolveTarget(state, resource);
  if (target === undefined) {
    const message = `Invalid target '${resource}': it must be the full resource name of a project, folder or organization.`;
    throw namedError(state, 'INVALID_ARGUMENT', 'INVALID_TARGET_FULL_RESOURCE_NAME', message);
  }
  if (isSameNode(target.node, parent.node)) return target;
  throw invalid(`The parent of a binding to '${resource}' must be ${nodeName(target.node, false)}.`, 'parent');
}

/** A target by its full name, whichever way its project is written. */
export function resolveTarget(state: State, resource: string): Target | undefined {
  const node = nodeOfTarget(state, resource);
  return node === undefined ? gatewayTarget(state, resource) : { node, name: nodeTarget(node) };
}

/** A page lists gateways among the targets, another says that they are refused: a switch. */
function gatewayTarget(state: State, resource: string): Target | undefined {
  if (state.settings.iam.gatewayTarget === 'rejected') return undefined;
  if (!resource.startsWith('//networkservices.googleapis.com/')) return undefined;
  const gateway = state.findByName(state.gateways, 'agentGateways', resource);
  if (gateway === undefined) return undefined;
  const { project } = gateway;
  return { node: { kind: 'projects', id: project.number, project }, name: gatewayTargetName(gateway) };
}

const POLICY = /^(projects|folders|organizations)\/([^/]+)\/locations\/global\/accessPolicies\/([^/]+)$/;

/** The node and the key of the policy a binding names. */
export function policyNamed(state: State, name: string): { readonly node: HierarchyNode; readonly key: string } {
  const [, kind, node, id = ''] = POLICY.exec(name) ?? [];
  if (kind === undefined) throw invalid(`Invalid policy name '${name}'.`, 'policy_binding.policy');
  const found = findNode(state.projects, kind as NodeKind, node ?? '');
  if (found === undefined) throw notFound(`Policy '${name}' was not found.`);
  return { node: found, key: iamKey(found, id) };
}

/** The policy a binding names, when both it and the target can take one more. */
export function bindable(state: State, target: Target, policyName: string): AccessPolicyRecord {
  const policy = boundPolicy(state, policyName);
  checkSameOrganization(state, target, policy);
  checkLimits(state, target, policy);
  return policy;
}

/** The policy, once it has replicated: before that it is as good as not there (public reports). */
function boundPolicy(state: State, name: string): AccessPolicyRecord {
  const record = state.accessPolicies.get(policyNamed(state, name).key);
  const { replicationMs, notReplicated } = state.settings.iam;
  if (record === undefined) throw policyNotFound(state, 'NOT_FOUND', name);
  if (state.clock.now() >= record.createdMs + replicationMs) return record;
  throw policyNotFound(state, notReplicated, name);
}

function policyNotFound(state: State, status: 'NOT_FOUND' | 'FAILED_PRECONDITION', name: string): GoogleError {
  return namedError(state, status, 'POLICY_NOT_FOUND', `Policy '${name}' was not found.`);
}

/** "The binding parent and policy must belong to the same Organization (or Project)" (protos). */
function checkSameOrganization(state: State, target: Target, policy: AccessPolicyRecord): void {
  const [a, b] = [target.node, policy.node].map((node) => organizationOf(state.projects, node));
  if (isSameNode(target.node, policy.node) || (a !== undefined && a === b)) return;
  throw invalid(
    'The policy and the parent of the binding must belong to the same organization.',
    'policy_binding.policy',
  );
}

/** Five policies on a resource, five resources for a policy; not adjustable (IAM quotas page). The status is inferred. */
function checkLimits(state: State, target: Target, policy: AccessPolicyRecord): void {
  const { bindingsPerTarget, targetsPerPolicy } = state.settings.iam.limits;
  if (bindingsOfTarget(state, target.name).length >= bindingsPerTarget) {
    const message = `At most ${bindingsPerTarget} access policies can be bound to ${target.name}.`;
    throw namedError(state, 'FAILED_PRECONDITION', 'TOO_MANY_ACCESS_POLICY_BINDINGS_PER_TARGET', message);
  }
  if (bindingsOfPolicy(state, policy).length >= targetsPerPolicy) {
    const message = `Access policy ${policy.id} can be bound to at most ${targetsPerPolicy} resources.`;
    throw namedError(state, 'FAILED_PRECONDITION', 'TOO_MANY_ACCESS_POLICY_BINDINGS_TO_POLICY', message);
  }
}

/** The answer to a binding that the managed constraint forbids, by analogy with other managed constraints of IAM. */
export function constraintViolation(state: State, { node }: Target): GoogleError | undefined {
  const constraint = bindingConstraint(state, node);
  if (constraint === undefined) return undefined;
  const resource = nodeName(node, false);
  const metadata = { customConstraints: `constraints/${constraint}`, resource };
  const text = `constraint 'constraints/${constraint}'`;
  const message =
    state.settings.iam.errorNames === 'message'
      ? `Operation violates organization policy ${text}`
      : `Operation denied by org policy: ${text} on resource '${resource}'.`;
  return namedError(state, 'FAILED_PRECONDITION', 'CUSTOM_ORG_POLICY_VIOLATION', message, metadata, 'googleapis.com');
}

/** Policy and target are immutable (protos), although a page shows a patch of the policy. */
export function checkImmutable(state: State, record: PolicyBindingRecord, body: Json): void {
  const target = asJson(body.target);
  const isOther = {
    target: body.target !== undefined && resolveTarget(state, asString(target.resource))?.name !== record.target,
    policy: body.policy !== undefined && policyNamed(state, asString(body.policy)).key !== record.policyKey,
  };
  for (const [field, other] of Object.entries(isOther))
    if (other) throw invalid(`Field '${field}' is immutable.`, `policy_binding.${field}`);
}
