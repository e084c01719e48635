import type { Desired, Direction } from '../../src/config/desired.js';
import type { IamBinding, RegistryService } from '../../src/google/types.js';
import { EGRESSOR, iapOf, markOf, memberOf } from './builders.js';
import { mayRemove, mayRevoke, openedToOthers } from './judge-prune.js';
import { normaliseUrl } from '../../src/plan/serving.js';
import { membersIn, shortName, type Snapshot } from './snapshot.js';

/** What one run declares, in the terms of a world. */
export interface Declared {
  readonly desired: Desired;
  /** URLs by key. */
  readonly urls: ReadonlyMap<string, readonly string[]>;
  /** Members that the run may add besides its engines: those it carries over. */
  readonly carried: readonly string[];
}

/** Before and after, and whose runs lie between. */
export interface Trial {
  readonly before: Snapshot;
  readonly after: Snapshot;
  readonly runs: readonly Declared[];
}

/**
 * Everything that was lost, or written without being asked for, whatever a run says of itself: foreign members,
 * conditions, services and undeclared directions stay as they are.
 *
 * @returns one line for each, nothing when all is well
 */
export function harmDone(trial: Trial): string[] {
  return [
    ...harmToPolicies(trial),
    ...harmToServices(trial),
    ...harmToBindings(trial),
    ...doubleUrls(trial),
    ...openedToOthers(trial),
  ];
}

function harmToPolicies(trial: Trial): string[] {
  const { before, after, runs } = trial;
  const old = [...before.policies].flatMap(([path, bindings]) => {
    // In their order, though a binding whose members were all taken away may hold somebody new.
    let left = after.policies.get(path) ?? [];
    return withoutPruned(path, bindings, trial).flatMap((binding) => {
      const { members: expected = [] } = binding;
      const lacking = ({ members = [] }: IamBinding): string[] => {
        const kept = members.filter((member) => expected.includes(member));
        return expected.filter((member, index) => kept[index] !== member);
      };
      const alike = left.filter(
        ({ role, condition }) =>
          role === binding.role && JSON.stringify(condition) === JSON.stringify(binding.condition),
      );
      const found = alike.find((item) => lacking(item).length === 0) ?? alike[0];
      // A binding without members lets nobody in: one run may have filled it and the next one emptied it again, which takes it away.
      if (!found) return expected.length === 0 ? [] : [`lost binding: ${path} ${JSON.stringify(binding)}`];
      left = left.slice(left.indexOf(found) + 1);
      return lacking(found).map((member) => `lost member: ${path} ${binding.role} ${member}`);
    });
  });
  const added = [...after.policies].flatMap(([path, bindings]) => {
    const was = new Set(membersIn(before.policies.get(path) ?? []));
    const services = [before, after].flatMap((world) => [...world.services].filter(([id]) => iapOf(id) === path));
    const welcome = new Set(runs.flatMap((run) => [...run.carried, ...membersFor(run, services)]));
    return membersIn(bindings)
      .filter((member) => !was.has(member) && !welcome.has(member))
      .map((member) => `unasked member: ${path} ${member}`);
  });
  return [...old, ...added];
}

/** What has to be left of the bindings of a policy: all but what may have been taken away. */
function withoutPruned(path: string, bindings: readonly IamBinding[], { before, after, runs }: Trial): IamBinding[] {
  const services = [before, after].flatMap((world) => [...world.services].filter(([id]) => iapOf(id) === path));
  const [was] = services;
  if (was && runs.some((run) => mayRemove(run, was, before))) return [];
  return bindings.flatMap((binding) => {
    const members = (binding.members ?? []).filter(
      (member) => !runs.some((run) => mayRevoke(run, services, binding, member, before)),
    );
    if (members.length === (binding.members ?? []).length) return [binding];
    return members.length === 0 ? [] : [{ ...binding, members }];
  });
}

/** The engines that a run allows what one of these services serves, or served while the run had its own URLs in it. */
function membersFor({ desired, urls }: Declared, services: readonly (readonly [string, RegistryService])[]): string[] {
  const isFor = (key: string): boolean =>
    services.some(([id, { interfaces }]) => {
      const served = [...(interfaces ?? []).map(({ url }) => normaliseUrl(url)), ...(urls.get(id) ?? [])];
      return id === key || served.some((url) => urls.get(key)?.includes(url));
    });
  return selectedIds(desired)
    .filter((id) => allowedKeys(desired, id).some(isFor))
    .map((id) => `${EGRESSOR} ${memberOf(id)}`);
}

function harmToServices({ before, after, runs }: Trial): string[] {
  const old = [...before.services].flatMap(([id, was]) => {
    const now = after.services.get(id);
    // Another run may have made it anew.
    if (runs.some((run) => mayRemove(run, [id, was], before))) return [];
    if (!now) return [`lost service: ${id}`];
    const keepers = runs.filter((run) => run.desired.endpoints.some(({ key }) => key === id));
    const owners = keepers.filter((run) => isOwner(run, id, was));
    const mayGo = (url: string): boolean => owners.some((owner) => takesOut(owner, normaliseUrl(url)));
    const lost = (was.interfaces ?? []).filter(
      (item) =>
        !mayGo(item.url) &&
        !(now.interfaces ?? []).some(
          ({ url, protocolBinding }) =>
            url === item.url && (owners.length > 0 || protocolBinding === item.protocolBinding),
        ),
    );
    // Its names follow its own config.
    const changing = { interfaces: [], ...(owners.length > 0 ? { description: '', displayName: '' } : {}) };
    const isRewritten = JSON.stringify({ ...now, ...changing }) !== JSON.stringify({ ...was, ...changing });
    return [
      ...lost.map(({ url }) => `lost interface: ${id} ${url}`),
      ...(isRewritten ? [`rewritten service: ${id}`] : []),
    ];
  });
  const gained = [...after.services].flatMap(([id, now]) => {
    const asked = new Set(runs.flatMap(({ urls }) => urls.get(id) ?? []));
    const had = before.services.get(id)?.interfaces ?? [];
    return (now.interfaces ?? [])
      .filter(({ url }) => !had.some((item) => item.url === url) && !asked.has(url))
      .map(({ url }) => `unasked interface: ${id} ${url}`);
  });
  return [...old, ...gained];
}

const isOwner = ({ desired }: Declared, id: string, { description }: RegistryService): boolean =>
  desired.config !== undefined && description === markOf(id, desired.config);

function harmToBindings({ before, after, runs }: Trial): string[] {
  return [...before.engines.keys()].flatMap((id) =>
    (['egress', 'ingress'] as const).flatMap((direction) => {
      const was = boundIn(before, id, direction);
      const now = boundIn(after, id, direction);
      const wanted = runs.flatMap((run) => wantedGateway(run.desired, id, direction) ?? []);
      if (now === was || wanted.includes(now)) return [];
      return [`${wanted.length > 0 ? 'wrong' : 'lost'} direction: engine ${id} ${direction} ${was} -> ${now}`];
    }),
  );
}

/** One service of a project and location carries a URL. */
function doubleUrls({ after }: Trial): string[] {
  const urls = [...after.services.values()].flatMap(({ interfaces }) => [
    ...new Set((interfaces ?? []).map(({ url }) => normaliseUrl(url))),
  ]);
  return urls.filter((url, index) => urls.indexOf(url) !== index).map((url) => `registered twice: ${url}`);
}

/**
 * What a run declares that is not so.
 *
 * @param others runs whose word may have been the last one
 * @returns one line for each, nothing when all is as declared
 */
export function notReached(after: Snapshot, { desired, urls }: Declared, others: readonly Declared[] = []): string[] {
  const mayBeGone = (url: string): boolean => others.some((other) => takesOut(other, url));
  const directions = selectedIds(desired).flatMap((id) =>
    (['egress', 'ingress'] as const).flatMap((direction) => {
      const wanted = wantedGateway(desired, id, direction);
      const now = boundIn(after, id, direction);
      const theirs = others.flatMap((other) => wantedGateway(other.desired, id, direction) ?? []);
      return wanted === undefined || now === wanted || theirs.includes(now)
        ? []
        : [`not bound: engine ${id} ${direction} is ${now}, not ${wanted}`];
    }),
  );
  const hosts = selectedIds(desired).flatMap((id) =>
    allowedKeys(desired, id)
      .flatMap((key) => urls.get(key) ?? [])
      .flatMap((url) => {
        const serving = [...after.services].filter(([, { interfaces }]) =>
          (interfaces ?? []).some((item) => normaliseUrl(item.url) === url),
        );
        const granted = serving.filter(([service]) =>
          membersIn(after.policies.get(iapOf(service)) ?? []).includes(`${EGRESSOR} ${memberOf(id)}`),
        );
        const mayBeRevoked = serving.some((entry) =>
          others.some((other) => mayRevoke(other, [entry], { role: EGRESSOR }, memberOf(id), after)),
        );
        if (granted.length === 1 || (serving.length === 0 && mayBeGone(url)) || mayBeRevoked) return [];
        return [`not reached: engine ${id} ${url} (${serving.length} serve it, ${granted.length} grant it)`];
      }),
  );
  return [...directions, ...hosts];
}

/** A run of a whole file takes out of the services of that file what it does not declare. */
const takesOut = ({ desired, urls }: Declared, url: string): boolean =>
  !desired.partial && ![...urls.values()].flat().includes(url);

/** The engines that a run is about. All selectors of these worlds are IDs. */
export function selectedIds({ only, agents }: Desired): string[] {
  const declared = agents.flatMap(({ selector }) => (selector.kind === 'id' ? [selector.id] : []));
  const narrowed = only?.flatMap((selector) => (selector.kind === 'id' ? [selector.id] : []));
  return narrowed ?? declared;
}

/** @returns the keys of the endpoints that a run allows an engine */
export function allowedKeys({ agents }: Desired, id: string): readonly string[] {
  return agents.flatMap(({ selector, allow }) => (selector.kind === 'id' && selector.id === id ? allow : []));
}

/** @returns the gateway's short name or `none`; undefined where the run leaves the direction alone */
export function wantedGateway(desired: Desired, id: string, direction: Direction): string | undefined {
  const wanted = selectedIds(desired).includes(id) ? desired.gateways[direction] : undefined;
  return wanted === 'none' ? 'none' : wanted?.id;
}

function boundIn({ engines }: Snapshot, id: string, direction: Direction): string {
  const config = engines.get(id);
  return shortName(
    (direction === 'egress' ? config?.agentToAnywhereConfig : config?.clientToAgentConfig)?.agentGateway,
  );
}
