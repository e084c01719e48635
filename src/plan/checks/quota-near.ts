import { plannedRules, RULE_LIMIT } from '../access/edits.js';
import { groupBy } from '../canonical.js';
import type { GrantChange } from '../types.js';
import type { Check, CheckInput, Found } from './check.js';
import { byService, endpointOrigin } from './wording.js';

/** Endpoints per project and location (Agent Registry, "Quotas and limits" page). */
const ENDPOINTS = { quota: 100, near: 90 };
/** Members in one policy, each occurrence counted (`Policy` in the IAM reference). */
const MEMBERS = { limit: 1_500, near: 1_350 };

const RULES = { near: 100, most: RULE_LIMIT };

export const quotaNear: Check = {
  id: 'quota-near',
  level: 'warning',
  run: (input) => [...endpointsNear(input), ...membersNear(input), ...rulesNear(input)],
};

/** Nobody says how many rules a policy may have; so many are worth a thought. */
function rulesNear({ desired, observed, endpoints, grants }: CheckInput): Found[] {
  if (observed.access === undefined) return [];
  const rules = plannedRules(desired, observed, endpoints, grants);
  if (rules.length < RULES.near || rules.length > RULES.most) return [];
  return [
    {
      message: `Access policy ${observed.access.name} has ${rules.length} rules after this plan, and how many it takes is not documented (${RULES.most} in policies of its kind).`,
      remedy: 'Put hosts that the same agents use into one endpoint, and clear rules that nobody needs.',
    },
  ];
}

function endpointsNear({ desired, observed, endpoints, pruning }: CheckInput): Found[] {
  const there = observed.services.filter(({ endpointSpec }) => endpointSpec !== undefined).length;
  const created = new Set(endpoints.filter(({ action }) => action === 'create').map(({ service }) => service)).size;
  const removed = desired.prune ? pruning.services.removals.length : 0;
  const total = there + created - removed;
  if (total < ENDPOINTS.near) return [];
  return [
    {
      message: `Project ${observed.registryProject.id} has ${total} endpoints registered in ${observed.region} after this plan (${created} of them new), and the default quota is ${ENDPOINTS.quota}.`,
      remedy:
        'Put hosts that the same agents use into one endpoint, delete those that nobody needs, or ask for more quota.',
    },
  ];
}

function membersNear({ desired, observed, endpoints, grants, pruning }: CheckInput): Found[] {
  const created = byServiceOf(grants.filter(({ action, model }) => action === 'create' && model === undefined));
  const removals = byServiceOf(desired.prune ? pruning.grants.removals : []);
  return [...byService(endpoints)].flatMap(([service, changes]) => {
    const resource = changes.find(({ registryResource }) => registryResource !== undefined)?.registryResource ?? '';
    const bindings = observed.policies.get(resource)?.bindings ?? [];
    const there = bindings.reduce((sum, { members }) => sum + (members ?? []).length, 0);
    const added = created.get(service)?.length ?? 0;
    const total = there + added - (removals.get(service)?.length ?? 0);
    if (total < MEMBERS.near) return [];
    return [
      {
        message: `The policy of service ${service} has ${total.toLocaleString('en-US')} members after this plan (${added} of them new), and a policy takes at most ${MEMBERS.limit.toLocaleString('en-US')}.`,
        remedy:
          'Remove members of engines that are gone, or grant a principal set instead of one engine after the other.',
        ...endpointOrigin(
          { desired },
          changes.map(({ key }) => key),
        ),
      },
    ];
  });
}

/** Once for all services: a fleet has as many grants as engines times endpoints. */
const byServiceOf = (grants: readonly GrantChange[]): Map<string, GrantChange[]> =>
  groupBy(grants, ({ service }) => service);
