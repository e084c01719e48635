import { iapRegistryOf, iapResourceOf, parseGatewayName } from '../google/names.js';
import type { Observed, ObservedAccess } from '../observe/observed.js';
import { DIRECTIONS } from '../config/desired.js';
import { rulesOf } from './access/rules.js';
import {
  accessGrants,
  allowPolicyGrants,
  bindingChanges,
  directionOf,
  endpointChanges,
  isChange,
  isRemoval,
  type Plan,
} from './types.js';

/** A permission that an apply of a plan needs. */
export interface NeededPermission {
  readonly permission: string;
  /** Project ID; most often it is granted there. */
  readonly project: string;
  /** Whoever read the world holds this one: a project that does not confirm it says nothing about the others either. */
  readonly proven: string;
  /** Engines, or IAP resources, that it may be granted on as well; empty where only the project can be asked. */
  readonly resources: readonly string[];
  /** The plan can be carried out without it. */
  readonly isOptional?: boolean;
}

/**
 * What the writes of this very plan need (Google's IAM pages of each product; `agentGateways.use` is what a refused
 * binding names).
 *
 * @returns nothing for a plan without changes
 */
export function neededPermissions(plan: Plan, observed: Observed): NeededPermission[] {
  return [
    ...toBind(plan, observed),
    ...toRegister(plan, observed),
    ...toGrant(plan, observed),
    ...toWriteRules(plan, observed),
  ];
}

function toBind(plan: Plan, { project }: Observed): NeededPermission[] {
  const changes = bindingChanges(plan).filter(isChange);
  const update = {
    permission: 'aiplatform.reasoningEngines.update',
    project: project.id,
    proven: 'aiplatform.reasoningEngines.get',
    resources: changes.map(({ engine }) => engine),
  };
  const entered = changes.flatMap((change) =>
    DIRECTIONS.map((direction) => directionOf(change, direction)).flatMap(({ from, to }) => (from === to ? [] : [to])),
  );
  const projects = new Set(entered.flatMap((name) => parseGatewayName(name ?? '')?.project ?? []));
  const use = [...projects].sort().map((id) => ({
    permission: 'networkservices.agentGateways.use',
    project: id,
    proven: 'networkservices.agentGateways.get',
    resources: [],
  }));
  return changes.length === 0 ? [] : [update, ...use];
}

function toRegister(plan: Plan, { registryProject }: Observed): NeededPermission[] {
  const actions = new Set(endpointChanges(plan).map(({ action }) => action));
  const written = (['create', 'update', 'remove'] as const).filter((action) => actions.has(action));
  const verbs = written.map((action) => (action === 'remove' ? 'delete' : action));
  // What was written is read back.
  return [...verbs, ...(verbs.length > 0 ? ['get'] : [])].map((verb) => ({
    permission: `agentregistry.services.${verb}`,
    project: registryProject.id,
    proven: 'agentregistry.services.list',
    resources: [],
  }));
}

/** A service that does not exist yet has no IAP resource of its own; what is granted on the whole registry holds there. */
function toGrant(plan: Plan, { registryProject, region }: Observed): NeededPermission[] {
  const granted = new Set(
    allowPolicyGrants(plan)
      .filter(isChange)
      .map(({ service }) => service),
  );
  const resources = endpointChanges(plan)
    .filter(({ service }) => granted.has(service))
    .map(({ registryResource }) =>
      registryResource ? iapResourceOf(registryResource, registryProject) : iapRegistryOf(registryProject, region),
    );
  if (granted.size === 0) return [];
  // A policy is read, merged and written.
  return (['get', 'set'] as const).map((verb) => ({
    permission: `iap.webServiceVersions.${verb}IamPolicy`,
    project: registryProject.id,
    proven: 'agentregistry.services.list',
    resources: [...new Set(resources)].sort(),
  }));
}

/**
 * Access policies and bindings have no method of their own that tells permissions: their project is asked. That it knows these is inferred;
 * where it does not, nothing is said. A policy that is bound already needs no right on the project.
 */
function toWriteRules(plan: Plan, { registryProject, access }: Observed): NeededPermission[] {
  const changes = accessGrants(plan).filter(isChange);
  if (changes.length === 0 || access === undefined) return [];
  const binds = !access.isBound && changes.some((change) => !isRemoval(change));
  const permissions = [
    `iam.accesspolicies.${access.policy === null ? 'create' : 'update'}`,
    ...(binds ? ['iam.accesspolicies.bind', 'resourcemanager.projects.createPolicyBinding'] : []),
    ...(leavesNoRule(plan, access) ? ['iam.accesspolicies.delete', ...(access.isBound ? UNBINDING : [])] : []),
  ];
  const need = { project: registryProject.id, proven: 'iam.accesspolicies.get', resources: [] };
  return [
    ...permissions.map((permission) => ({ ...need, permission })),
    { ...need, permission: 'iam.operations.get', isOptional: true },
  ];
}

const UNBINDING = ['iam.accesspolicies.unbind', 'resourcemanager.projects.deletePolicyBinding'];

/** With its last rule a policy goes. One that is not this action's to delete stays, which apply says. */
function leavesNoRule(plan: Plan, { policy }: ObservedAccess): boolean {
  const grants = accessGrants(plan);
  const removed = new Set(grants.filter(isRemoval).map(({ member }) => member));
  const left = rulesOf(policy).flatMap(({ principals = [] }) => principals.filter((member) => !removed.has(member)));
  return plan.grantModel?.accessPolicy?.otherRules === 0 && grants.every(isRemoval) && left.length === 0;
}

/** The smallest predefined role with each permission (Google's IAM pages of each product); some are in none but admins'. */
export const ROLE_OF: Readonly<Record<string, string>> = {
  'aiplatform.reasoningEngines.update': 'roles/aiplatform.user',
  'networkservices.agentGateways.use': 'a custom role',
  'agentregistry.services.create': 'roles/agentregistry.editor',
  'agentregistry.services.delete': 'roles/agentregistry.editor',
  'agentregistry.services.get': 'roles/agentregistry.viewer',
  'agentregistry.services.update': 'roles/agentregistry.editor',
  'iam.accesspolicies.bind': 'roles/iam.accessPolicyAdmin',
  'iam.accesspolicies.create': 'roles/iam.accessPolicyAdmin',
  'iam.accesspolicies.delete': 'roles/iam.accessPolicyAdmin',
  'iam.accesspolicies.unbind': 'roles/iam.accessPolicyAdmin',
  'iam.accesspolicies.update': 'roles/iam.accessPolicyAdmin',
  'iam.operations.get': 'roles/iam.operationViewer',
  'iap.webServiceVersions.getIamPolicy': 'roles/iap.admin',
  'iap.webServiceVersions.setIamPolicy': 'roles/iap.admin',
  'resourcemanager.projects.createPolicyBinding': 'a custom role',
  'resourcemanager.projects.deletePolicyBinding': 'a custom role',
};
