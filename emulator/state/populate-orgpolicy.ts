import {
  checkConstraint,
  checkConstraintId,
  checkPolicy,
  CONSTRAINT_SHAPE,
  POLICY_SHAPE,
} from '../apis/orgpolicy-rules.js';
import { specsOf } from '../apis/orgpolicy-policies.js';
import { compact, type Json } from '../core/json.js';
import { readMessage } from '../core/shape.js';
import type { ParsedWorld } from '../world.js';
import type { ParsedConstraint, ParsedOrgPolicy } from '../world-orgpolicy.js';
import { isMisspelt } from './managed-constraint.js';
import { constraintKey, findNode, organizationOf, policyKey, type NodeKind } from './orgpolicy.js';
import type { State } from './state.js';

/** What the world starts with has been in effect for ever. */
const ALWAYS = -Infinity;

/** Custom constraints and organization policies of the world; they obey the same rules as those that are written later. */
export function populateOrgPolicy(state: State, world: ParsedWorld): void {
  for (const input of world.customConstraints) {
    explained(`custom constraint ${input.id}`, () => addConstraint(state, input));
  }
  for (const input of world.orgPolicies) {
    explained(`policy ${input.constraint} on ${input.on}`, () => addPolicy(state, input));
  }
}

function explained(what: string, add: () => void): void {
  try {
    add();
  } catch (error) {
    throw new Error(`The world's ${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function addConstraint(state: State, input: ParsedConstraint): void {
  const organization = input.organization ?? state.projects[0]?.organization;
  if (organization === undefined || findNode(state.projects, 'organizations', organization) === undefined) {
    throw new Error(`there is no organization ${organization ?? 'of the first project'}`);
  }
  checkConstraintId(input.id);
  const key = constraintKey(organization, input.id);
  if (state.orgPolicy.constraints.knew(key)) throw new Error('it is there twice');
  const message: Json = compact({
    resourceTypes: input.resourceTypes,
    methodTypes: input.methods,
    condition: input.condition,
    actionType: input.action,
    displayName: input.displayName,
    description: input.description,
    updateTime: state.clock.iso(),
  });
  const data = readMessage(message, CONSTRAINT_SHAPE, 'custom_constraint');
  const record = { organization, id: input.id, data, condition: checkConstraint(data) };
  state.orgPolicy.constraints.set(key, record, ALWAYS);
}

function addPolicy(state: State, input: ParsedOrgPolicy): void {
  const [kind, id] = input.on.split('/') as [NodeKind, string];
  const node = findNode(state.projects, kind, id);
  if (node === undefined) throw new Error(`there is no ${input.on}`);
  const { constraint } = input;
  if (isMisspelt(state, constraint)) throw new Error('there is no such constraint (settings.iam.managedConstraint)');
  const owner = organizationOf(state.projects, node) ?? '';
  if (constraint.startsWith('custom.') && !state.orgPolicy.constraints.knew(constraintKey(owner, constraint))) {
    throw new Error('there is no such custom constraint in its organization');
  }
  const key = policyKey(node, constraint);
  if (state.orgPolicy.policies.knew(key)) throw new Error('it is there twice');
  const message: Json = compact({
    spec: input.spec ?? rule(input.enforce),
    dryRunSpec: input.dryRunSpec ?? rule(input.dryRun),
  });
  const policy = readMessage(message, POLICY_SHAPE, 'policy');
  checkPolicy(constraint, policy);
  state.orgPolicy.policies.set(key, { node, constraint, ...specsOf(state, policy, ['spec', 'dryRunSpec']) }, ALWAYS);
}

function rule(enforce: boolean | undefined): Json | undefined {
  return enforce === undefined ? undefined : { rules: [{ enforce }] };
}
