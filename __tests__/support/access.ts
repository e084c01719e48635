import type { AccessPolicy, AccessRule } from '../../src/google/types.js';
import type { ObservedAccess } from '../../src/observe/observed.js';
import { ownMark, destinationOf } from '../../src/plan/access/grants.js';
import type { Destination } from '../../src/plan/access/matches.js';
import type { RuleEdit } from '../../src/plan/access/rules.js';
import { FILE, OTHER_PROJECT, PROJECT, REGION, resourceOf, serviceNamed } from './builders.js';
import { ACCESS_POLICY } from './google-access.js';

export const PERMISSION = 'iap.googleapis.com/resources.egressViaIAP';
export const SCOPE = { project: PROJECT.id, region: REGION };

/** Where a service of the tests' registry is registered. */
export function destination(id: string): Destination {
  const found = destinationOf(serviceNamed(id), resourceOf(id), { registryProject: PROJECT });
  if (!found) throw new Error(`${id} is nowhere`);
  return found;
}

/** A rule with this condition; without one it is about everything. */
export function rule(principals: readonly string[], expression?: string, more: Partial<AccessRule> = {}): AccessRule {
  return {
    effect: 'ALLOW',
    principals: [...principals],
    operation: { permissions: [PERMISSION] },
    ...(expression === undefined ? {} : { conditions: { 'iap.googleapis.com': { expression } } }),
    ...more,
  };
}

/** What another team's console has written. */
export const foreignRule = (id: string, principals: readonly string[] = ['principalSet://x/*']): AccessRule =>
  rule(principals, `destination.agent_registry.endpoint.name == '${resourceOf(id)}'`, { description: 'payments team' });

export function edit(id: string, want: readonly string[], more: Partial<RuleEdit> = {}): RuleEdit {
  return {
    mark: ownMark(serviceNamed(id), { config: FILE }, SCOPE),
    service: serviceNamed(id),
    destination: destination(id),
    want,
    remove: [],
    config: FILE,
    ...more,
  };
}

export function policyWith(rules: readonly AccessRule[], more: Partial<AccessPolicy> = {}): AccessPolicy {
  return { name: ACCESS_POLICY, etag: 'a1', details: { rules: [...rules] }, ...more };
}

export function access(rules: readonly AccessRule[], more: Partial<ObservedAccess> = {}): ObservedAccess {
  return {
    name: ACCESS_POLICY,
    policy: policyWith(rules),
    isBound: true,
    bindings: { kind: 'read', bindings: [] },
    others: [],
    neighbours: [],
    ...more,
  };
}

export { OTHER_PROJECT };
