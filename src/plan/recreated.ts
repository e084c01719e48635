import type { Desired } from '../config/desired.js';
import type { Observed, ObservedEngine } from '../observe/observed.js';
import { compareText, groupBy } from './canonical.js';
import { isGone } from './checks/members.js';
import { hasMember } from './policy.js';
import { EGRESSOR } from './grants.js';
import { canonicalServiceName } from './serving.js';
import type { EndpointChange, GrantChange } from './types.js';

/** Engines that were deployed anew, and the identities they can have had before. */
export interface Recreated {
  /** By engine name: members that are left of it, sorted; several when it can be any of them. */
  readonly former: ReadonlyMap<string, readonly string[]>;
}

/** A member whose engine is gone, and the services it is still granted on. */
interface Remnant {
  readonly member: string;
  readonly services: readonly string[];
}

/** An engine of the config that nobody has granted anything yet. */
interface Newcomer {
  readonly engine: ObservedEngine;
  /** That the plan grants it, as far as they exist. */
  readonly services: readonly string[];
}

/**
 * An engine that is deleted and created anew has another ID and with it another identity (Google's "Agent identity" page, CI/CD
 * guidance), and nothing says which one it was. What can be seen: its display name is in the config, it is granted nothing yet,
 * and somebody who is gone is granted just what it shall get. That is taken for the same agent
 *
 * - where the services are the very same ones, and there are at least as many that are gone as new ones of that kind, or
 * - where the services of the one that is gone are some of those of the new one, and of no other new one.
 *
 * An engine that is older than one of these services cannot have followed somebody who was granted on it. It is only a word in
 * the plan, and decides nothing.
 */
export function findRecreated(
  desired: Desired,
  observed: Observed,
  endpoints: readonly EndpointChange[],
  grants: readonly GrantChange[],
): Recreated {
  const there = endpoints.filter(({ registryResource }) => registryResource !== undefined);
  const remnants = remnantsOn(there, observed);
  const newcomers = findNewcomers(desired, observed, new Set(there.map(({ service }) => service)), grants);
  const former = new Map<string, readonly string[]>();
  for (const newcomer of newcomers) {
    const found = formerOf(newcomer, newcomers, remnants).filter(({ services }) =>
      services.every((service) => !isOlder(newcomer.engine, service, observed)),
    );
    if (found.length > 0) former.set(newcomer.engine.name, found.map(({ member }) => member).sort(compareText));
  }
  return { former };
}

function formerOf(newcomer: Newcomer, newcomers: readonly Newcomer[], remnants: readonly Remnant[]): Remnant[] {
  const same = remnants.filter((remnant) => isSame(remnant, newcomer));
  const rivals = newcomers.filter((other) => isSame(other, newcomer));
  if (same.length > 0) return same.length >= rivals.length ? same : [];
  return remnants.filter((remnant) => {
    if (newcomers.some((each) => isSame(remnant, each))) return false;
    const fitting = newcomers.filter(({ services }) => remnant.services.every((service) => services.includes(service)));
    return fitting.length === 1 && fitting[0] === newcomer;
  });
}

function isSame(a: Pick<Remnant, 'services'>, b: Pick<Remnant, 'services'>): boolean {
  return a.services.join(' ') === b.services.join(' ');
}

function remnantsOn(endpoints: readonly EndpointChange[], observed: Observed): Remnant[] {
  const standing = new Map<string, Set<string>>();
  for (const { service, registryResource = '' } of endpoints) {
    const bindings = observed.policies.get(registryResource)?.bindings ?? [];
    const members = bindings
      .filter(({ role, condition }) => role === EGRESSOR && !condition)
      .flatMap((item) => item.members ?? []);
    for (const member of members) {
      if (isGone(member, observed)) standing.set(member, (standing.get(member) ?? new Set()).add(service));
    }
  }
  return [...standing]
    .map(([member, services]) => ({ member, services: [...services].sort(compareText) }))
    .sort((a, b) => compareText(a.member, b.member));
}

function findNewcomers(
  desired: Desired,
  observed: Observed,
  there: ReadonlySet<string>,
  grants: readonly GrantChange[],
): Newcomer[] {
  const byEngine = groupBy(grants, ({ engine }) => engine);
  return observed.engines.flatMap((engine) => {
    const own = byEngine.get(engine.name) ?? [];
    const services = own.map(({ service }) => service).filter((service) => there.has(service));
    const isNew =
      services.length > 0 && own.every(({ action }) => action === 'create') && !isGrantedAnything(engine, observed);
    if (!isNew || !isSelectedByName(engine, desired)) return [];
    return [{ engine, services: services.sort(compareText) }];
  });
}

function isGrantedAnything({ principal = '' }: ObservedEngine, { policies }: Observed): boolean {
  return [...policies.values()].some((policy) => hasMember(policy, { role: EGRESSOR, member: principal }));
}

/** A selector of digits alone may be a display name too. */
function isSelectedByName({ id, displayName }: ObservedEngine, { agents, only = [] }: Desired): boolean {
  return [...agents.map(({ selector }) => selector), ...only].some(
    (selector) =>
      (selector.kind === 'displayName' || (selector.kind === 'id' && selector.id !== id)) &&
      selector.text === displayName,
  );
}

function isOlder({ resource }: ObservedEngine, name: string, { services, registryProject }: Observed): boolean {
  const service = services.find((item) => canonicalServiceName(item.name, registryProject) === name);
  const [engineTime, serviceTime] = [resource.createTime, service?.createTime].map((time) => Date.parse(time ?? ''));
  return engineTime !== undefined && serviceTime !== undefined && engineTime < serviceTime;
}

/** @returns the grants, those of an engine that was deployed anew with the members it had there before */
export function withFormer(
  grants: readonly GrantChange[],
  { former }: Recreated,
  observed: Observed,
  endpoints: readonly EndpointChange[],
): GrantChange[] {
  const resources = new Map(endpoints.map(({ service, registryResource = '' }) => [service, registryResource]));
  return grants.map((grant) => {
    const policy = observed.policies.get(resources.get(grant.service) ?? '');
    const replaces = (former.get(grant.engine ?? '') ?? []).filter((member) => hasMember(policy, { ...grant, member }));
    return replaces.length === 0 ? grant : { ...grant, replaces };
  });
}
