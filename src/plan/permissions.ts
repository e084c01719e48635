import type { Observed } from '../observe/observed.js';
import { bindingChanges, endpointChanges, grantChanges, isChange, type Plan } from './types.js';

/** Permissions that an apply of a plan needs in one project. */
export interface NeededPermissions {
  /** Project ID. */
  readonly project: string;
  readonly permissions: readonly string[];
  /** Held for certain by whoever could read the world: an answer without it says nothing about the others either. */
  readonly proven: string;
}

/**
 * What the writes of this very plan need, by the project that decides it (Google's IAM pages of each product).
 *
 * @returns nothing for a plan without changes
 */
export function neededPermissions(plan: Plan, observed: Observed): NeededPermissions[] {
  const own = new Set<string>();
  const registry = new Set<string>();
  if (bindingChanges(plan).some(isChange)) own.add('aiplatform.reasoningEngines.update');
  for (const { action } of endpointChanges(plan)) {
    if (action === 'create' || action === 'update') registry.add(`agentregistry.services.${action}`);
  }
  if (grantChanges(plan).some(isChange)) registry.add('iap.webServiceVersions.setIamPolicy');
  const scope = needs(observed.project.id, own, 'aiplatform.reasoningEngines.get');
  const other = needs(observed.registryProject.id, registry, 'agentregistry.services.list');
  return [...scope, ...other];
}

function needs(project: string, permissions: ReadonlySet<string>, proven: string): NeededPermissions[] {
  return permissions.size === 0 ? [] : [{ project, permissions: [...permissions].sort(), proven }];
}

/** The smallest predefined role with each permission (Google's IAM pages of each product). */
export const ROLE_OF: Readonly<Record<string, string>> = {
  'aiplatform.reasoningEngines.update': 'roles/aiplatform.user',
  'agentregistry.services.create': 'roles/agentregistry.editor',
  'agentregistry.services.update': 'roles/agentregistry.editor',
  'iap.webServiceVersions.setIamPolicy': 'roles/iap.admin',
};
