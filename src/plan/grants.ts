import type { Desired } from '../config/desired.js';
import type { IamBinding, IamPolicy } from '../google/types.js';
import type { Observed } from '../observe/observed.js';
import { sortBy } from './canonical.js';
import { conditionKey, hasMember } from './policy.js';
import { engineIdIn } from './scope-engine.js';
import type { EndpointChange, GrantChange, GrantCondition } from './types.js';

/**
 * The only role that carries the permission an IAP V1 gateway checks (`iap.webServiceVersions.egressViaIAP`),
 * Google's "Assign IAM policies to agent identities" page.
 */
export const EGRESSOR = 'roles/iap.egressor';

/**
 * Plans the grant layer: every engine gets the role on every service that serves a key it may reach. Members are only
 * added; whoever else is in a policy stays.
 *
 * @param endpoints the planned endpoint layer
 * @returns changes sorted by service, then member
 */
export function planGrants(desired: Desired, observed: Observed, endpoints: readonly EndpointChange[]): GrantChange[] {
  const carryOver = new Set(desired.endpoints.filter(({ carryOver }) => carryOver).map(({ key }) => key));
  const byService = new Map<string, GrantChange[]>();
  for (const endpoint of endpoints) {
    const policy = policyOf(endpoint, observed);
    // Two keys may adopt one service: a member is granted there once.
    const planned = byService.get(endpoint.service) ?? [];
    const known = new Set(planned.map(({ member, condition }) => identity(member, condition)));
    const engines = engineGrants(endpoint, observed, policy);
    // Without a first grant of ours the registry-wide policy still holds there, and nobody has to be carried over.
    const replaces = engines.some(({ action }) => action === 'create') || planned.length > 0;
    const found = [
      ...engines,
      ...(carryOver.has(endpoint.key) && replaces ? carriedGrants(endpoint, observed, policy) : []),
    ];
    for (const grant of found) {
      const id = identity(grant.member, grant.condition);
      if (known.has(id)) continue;
      known.add(id);
      planned.push(grant);
    }
    byService.set(endpoint.service, planned);
  }
  return sortGrants([...byService.values()].flat());
}

function engineGrants(endpoint: EndpointChange, observed: Observed, policy: IamPolicy | undefined): GrantChange[] {
  return observed.engines.flatMap((engine) => {
    const member = engine.principal;
    if (!member || !observed.selection.allow.get(engine.name)?.includes(endpoint.key)) return [];
    return [
      {
        layer: 'grant',
        action: hasMember(policy, { role: EGRESSOR, member }) ? 'keep' : 'create',
        key: endpoint.key,
        service: endpoint.service,
        role: EGRESSOR,
        member,
        engine: engine.name,
        displayName: engine.displayName,
      },
    ];
  });
}

/**
 * A policy on the endpoint itself replaces the registry-wide one for that endpoint, instead of adding to it (Google's
 * "Troubleshoot Agent Gateway" page): the first grant would cut off everybody who came in registry-wide.
 */
function carriedGrants(endpoint: EndpointChange, observed: Observed, policy: IamPolicy | undefined): GrantChange[] {
  if (egressorBindings(policy).length > 0) return [];
  // IAM takes no member that is marked as deleted, and one whose engine is gone would be the first to be taken away again.
  const isNobody = (member: string): boolean =>
    member.startsWith('deleted:') || observed.gone?.has(engineIdIn(member, observed) ?? '') === true;
  return egressorBindings(observed.registryPolicy).flatMap((binding) =>
    (binding.members ?? [])
      .filter((member) => !isNobody(member))
      .map((member) => ({
        layer: 'grant' as const,
        action: 'create' as const,
        key: endpoint.key,
        service: endpoint.service,
        role: EGRESSOR,
        member,
        ...(binding.condition ? { condition: conditionOf(binding.condition) } : {}),
      })),
  );
}

function policyOf(endpoint: EndpointChange, observed: Observed): IamPolicy | undefined {
  return endpoint.registryResource === undefined ? undefined : observed.policies.get(endpoint.registryResource);
}

function egressorBindings(policy: IamPolicy | undefined): IamBinding[] {
  return (policy?.bindings ?? []).filter(({ role, members }) => role === EGRESSOR && (members ?? []).length > 0);
}

function conditionOf({ expression, title, description }: NonNullable<IamBinding['condition']>): GrantCondition {
  return {
    expression: expression ?? '',
    ...(title === undefined ? {} : { title }),
    ...(description === undefined ? {} : { description }),
  };
}

/** @returns the changes by service, then by member */
export function sortGrants(grants: readonly GrantChange[]): GrantChange[] {
  return sortBy(
    grants,
    ({ service }) => service,
    ({ member, condition }) => identity(member, condition),
  );
}

function identity(member: string, condition: GrantCondition | undefined): string {
  return `${member} ${conditionKey(condition)}`;
}
