import { groupBy } from '../plan/canonical.js';
import {
  endpointChanges,
  grantChanges,
  isChange,
  type EndpointChange,
  type GrantChange,
  type Plan,
} from '../plan/types.js';
import { plural } from '../plural.js';
import { agentLabel } from './drift-bindings.js';
import type { Difference } from './drift.js';
import { displayNames } from './engine-names.js';
import { serviceLabel } from './words.js';

/** Names that a sentence holds before the rest is only counted. */
const NAMED = 3;

/** @returns the differences of the services: one that is missing, and hosts and texts that are not as declared */
export function endpointDifferences(plan: Plan): Difference[] {
  return endpointChanges(plan)
    .filter(isChange)
    .flatMap((change) => {
      if (change.action === 'create') return [missingService(change, plan)];
      if (change.action === 'remove') return [undeclaredService(change, plan)];
      return [...hostDifferences(change, plan), ...fieldDifferences(change)];
    });
}

/**
 * @returns one difference per service and kind of grant: agents that lack theirs, members to carry over, members too many, and those
 *   that nobody is any more
 */
export function grantDifferences(plan: Plan): Difference[] {
  const groups = groupBy(grantChanges(plan).filter(isChange), ({ service, key, action, engine, why }) =>
    JSON.stringify([service, key, action, engine === undefined, why === 'engine-gone']),
  );
  return [...groups.values()].flatMap((grants) => {
    const [first] = grants;
    if (!first) return [];
    if (first.why === 'engine-gone') return [goneMembers(first, grants, plan)];
    if (first.action === 'remove') return [undeclaredGrants(first, grants, plan)];
    return [first.engine === undefined ? uncarriedMembers(first, grants) : missingGrants(first, grants, plan)];
  });
}

function missingService(change: EndpointChange, plan: Plan): Difference {
  const urls = change.interfaces.map(({ url }) => url);
  return {
    what: `${endpointLabel(change, plan)} is not registered`,
    meaning: `The gateway does not know ${listed(urls, 'host')}${calls(change, plan, 'is denied')}`,
    details: beyondNamed(urls),
  };
}

function undeclaredService(change: EndpointChange, plan: Plan): Difference {
  const urls = change.interfaces.map(({ url }) => url);
  return {
    what: `${endpointLabel(change, plan)} is registered, and not declared any more`,
    meaning: `Whoever is granted it may still call ${listed(urls, 'host')}.`,
    details: beyondNamed(urls),
  };
}

function hostDifferences(change: EndpointChange, plan: Plan): Difference[] {
  const label = endpointLabel(change, plan);
  const urlsOf = (action: 'add' | 'remove' | 'change'): string[] =>
    change.interfaces.filter((item) => item.action === action).map(({ url }) => url);
  const difference = (urls: readonly string[], what: string, meaning: string): Difference[] =>
    urls.length === 0 ? [] : [{ what: `${label} ${what}`, meaning, details: beyondNamed(urls) }];
  const [lacking, extra, other] = [urlsOf('add'), urlsOf('remove'), urlsOf('change')];
  return [
    ...difference(
      lacking,
      `lacks ${listed(lacking, 'host')}`,
      `The gateway does not know ${them(lacking)}${calls(change, plan, 'is denied')}`,
    ),
    ...difference(
      extra,
      `has ${listed(extra, 'host')}, and ${extra.length === 1 ? 'that is' : 'those are'} not declared`,
      `Who is granted the endpoint may call ${them(extra)}${calls(change, plan, 'is let through')}`,
    ),
    ...difference(
      other,
      `has another protocol than declared for ${listed(other, 'host')}`,
      `The gateway may not recognise calls to ${them(other)}.`,
    ),
  ];
}

function fieldDifferences({ key, fields }: EndpointChange): Difference[] {
  return fields.map(({ field, from }) => ({
    what: `The ${field === 'displayName' ? 'display name' : field} of endpoint ${key} was changed`,
    meaning: 'Traffic stays the same.',
    details: [JSON.stringify(from)],
  }));
}

function missingGrants(first: GrantChange, grants: readonly GrantChange[], plan: Plan): Difference {
  const urls = askedHosts(first, plan);
  const whose = grants.length === 1 ? 'Its' : 'Their';
  const agents = grants.map((grant) => agentLabel({ ...grant, former: grant.replaces }));
  return {
    what: `Endpoint ${first.key} has no grant for ${listed(agents, 'agent')}`,
    meaning: `${whose} calls to ${listed(urls, 'host')} are denied.`,
    details: beyondNamed(agents),
    members: grants.map(({ member }) => member),
  };
}

function uncarriedMembers({ key }: GrantChange, grants: readonly GrantChange[]): Difference {
  return {
    what: `Endpoint ${key} has no grant for ${plural(grants.length, 'member')} of the policy of the whole registry`,
    meaning: 'They come in through that one now, and the first grant on the endpoint itself would cut them off.',
    details: grants.map(({ member }) => member),
  };
}

function undeclaredGrants(first: GrantChange, grants: readonly GrantChange[], plan: Plan): Difference {
  const who = grants.map((grant) => agentLabel(grant) || grant.member);
  return {
    what: `Endpoint ${first.key} has a grant for ${listed(who, 'member')}, and that is not declared`,
    meaning: `Whoever has that identity may call ${listed(askedHosts(first, plan), 'host')}.`,
    details: beyondNamed(who),
    members: grants.map(({ member }) => member),
  };
}

function goneMembers({ key }: GrantChange, grants: readonly GrantChange[], plan: Plan): Difference {
  const nameOf = displayNames(plan);
  const who = grants.map(({ replacedBy, ...grant }) => {
    const label = agentLabel(grant) || grant.member;
    return replacedBy === undefined ? label : `${label} (recreated as ${JSON.stringify(nameOf(replacedBy))})`;
  });
  return {
    what: `Endpoint ${key} still has a grant for ${listed(who, 'member')}, and ${who.length === 1 ? 'that engine is' : 'those engines are'} gone`,
    meaning: 'Nobody has that identity any more: the grant harms nobody, and takes up room in the policy.',
    details: beyondNamed(who),
    members: grants.map(({ member }) => member),
  };
}

/** The hosts that the key asks for, whether they are there or not. */
function askedHosts({ service, key }: GrantChange, plan: Plan): string[] {
  return endpointChanges(plan)
    .filter((endpoint) => endpoint.service === service && endpoint.key === key)
    .flatMap(({ interfaces }) => interfaces.filter(({ reason }) => reason !== ''))
    .map(({ url }) => url);
}

/** Who calls the hosts of an endpoint, as the end of a sentence. */
function calls({ service, key }: EndpointChange, plan: Plan, fate: string): string {
  const agents = grantChanges(plan)
    .filter((grant) => grant.service === service && grant.key === key && grant.engine !== undefined)
    .filter(({ action }) => action !== 'remove')
    .map(agentLabel);
  return agents.length === 0 ? '.' : `: what ${listed(agents, 'agent')} calls there ${fate}.`;
}

/** A key is its service's ID; the service is named where it is in another project. */
function endpointLabel({ key, service }: EndpointChange, { scope }: Plan): string {
  const label = serviceLabel(service, scope.project);
  return label === key ? `Endpoint ${key}` : `Endpoint ${key} (service ${label})`;
}

/** @returns `a`, `a, b and c`, or from the fourth on `a, b, c and 9 more agents` */
function listed(items: readonly string[], noun: string): string {
  const more = items.length - NAMED;
  if (more > 0) return `${items.slice(0, NAMED).join(', ')} and ${plural(more, `more ${noun}`)}`;
  const [last = `its ${noun}s`, ...others] = [...items].reverse();
  return others.length === 0 ? last : `${others.reverse().join(', ')} and ${last}`;
}

function them(items: readonly string[]): string {
  return items.length === 1 ? 'it' : 'them';
}

/** All of them where a sentence could not name them all. */
function beyondNamed(items: readonly string[]): readonly string[] {
  return items.length > NAMED ? items : [];
}
