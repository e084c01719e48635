import type { IamBinding, RegistryService } from '../../src/google/types.js';
import { normaliseUrl } from '../../src/plan/serving.js';
import { ENGINE_IDS, OTHER_FILE, policyPath } from './arbitrary.js';
import { EGRESSOR, FILE, iapOf, markOf, memberOf } from './builders.js';
import { allowedKeys, selectedIds, type Declared, type Trial } from './judge.js';
import type { Snapshot } from './snapshot.js';

type Entry = readonly [id: string, service: RegistryService];

const isPlain = ({ role, condition }: IamBinding): boolean => role === EGRESSOR && !condition;
const engineOf = (member: string): string | undefined => /reasoningEngines\/(\w+)$/.exec(member)?.[1];
const isGone = (member: string): boolean => {
  const id = engineOf(member);
  return id !== undefined && !ENGINE_IDS.some((known) => known === id);
};
const egressorsIn = (world: Snapshot, path: string): (readonly [IamBinding, string])[] =>
  (world.policies.get(path) ?? [])
    .filter(({ role }) => role === EGRESSOR)
    .flatMap((binding) => (binding.members ?? []).map((member) => [binding, member] as const));

/** The keys of a run that one of these services is there for. */
function keysFor({ desired, urls }: Declared, services: readonly Entry[]): string[] {
  const isFor = (key: string): boolean =>
    services.some(
      ([id, { interfaces }]) =>
        id === key || (interfaces ?? []).some(({ url }) => urls.get(key)?.includes(normaliseUrl(url))),
    );
  return desired.endpoints.map(({ key }) => key).filter(isFor);
}

/**
 * Whether a run may take a member out of a service's policy: with `prune`, without a condition, on a service that it declares, and
 * an engine that is gone, or one that the run is about and does not allow the service. A run of some engines alone does not know
 * all hosts of a preset, so it takes nothing from who may use one.
 *
 * @param services the service before and after
 */
export function mayRevoke(
  run: Declared,
  services: readonly Entry[],
  binding: IamBinding,
  member: string,
  world: Snapshot,
): boolean {
  const { desired } = run;
  const id = engineOf(member);
  const keys = keysFor(run, services);
  if (!desired.prune || !isPlain(binding) || id === undefined || keys.length === 0) return false;
  if (isGone(member)) return true;
  if (desired.config === undefined || !selectedIds(desired).includes(id)) return false;
  const carries = desired.endpoints.some(({ key, carryOver }) => carryOver && keys.includes(key));
  if (carries && egressorsIn(world, policyPath('*')).some(([item, each]) => isPlain(item) && each === member))
    return false;
  const others = [FILE, OTHER_FILE].filter((file) => file !== desired.config);
  const isOthers = services.some(([key, { description }]) => others.some((file) => description === markOf(key, file)));
  const allowed = allowedKeys(desired, id);
  const usesPreset = desired.endpoints.some(({ key, presets }) => presets.length > 0 && allowed.includes(key));
  return !isOthers && !(desired.partial && usesPreset) && !allowed.some((key) => keys.includes(key));
}

/**
 * Whether a run may take a service away: with `prune` and the whole file in sight, a service that this file made and no longer
 * declares, and that nobody else has a part in.
 */
export function mayRemove(run: Declared, [id, service]: Entry, world: Snapshot): boolean {
  const { desired, urls } = run;
  // A file of guardrails alone has nothing to do with services.
  if (desired.endpoints.length === 0 && desired.agents.length === 0) return false;
  if (!desired.prune || desired.partial || desired.config === undefined) return false;
  if (service.description !== markOf(id, desired.config) || desired.endpoints.some(({ key }) => key === id))
    return false;
  const wanted = [...urls.values()].flat();
  if ((service.interfaces ?? []).some(({ url }) => wanted.includes(normaliseUrl(url)))) return false;
  const ours = new Set(selectedIds(desired).map(memberOf));
  const isOurs = (binding: IamBinding, member: string): boolean =>
    isPlain(binding) && (ours.has(member) || isGone(member));
  const own = (world.policies.get(iapOf(id)) ?? []).flatMap((binding) =>
    (binding.members ?? []).map((member) => isOurs(binding, member)),
  );
  if (!own.every(Boolean)) return false;
  const registryWide = egressorsIn(world, policyPath('*'));
  return own.length > 0 || registryWide.every(([binding, member]) => isGone(member) || isOurs(binding, member));
}

/** An endpoint whose policy had somebody in it and has nobody now, so that the registry-wide policy lets others in. */
export function openedToOthers({ before, after, runs }: Trial): string[] {
  const others = egressorsIn(after, policyPath('*')).filter(([, member]) => !isGone(member));
  if (others.length === 0 || !runs.some(({ desired }) => desired.prune)) return [];
  return [...after.services.keys()]
    .filter((id) => egressorsIn(before, iapOf(id)).length > 0 && egressorsIn(after, iapOf(id)).length === 0)
    .map((id) => `opened to others: ${id}`);
}

/** What a run with `prune` should have taken away. Of members, as many may be left as it takes to keep a policy closed. */
export function notPruned(after: Snapshot, run: Declared): string[] {
  const members = [...after.services].flatMap((entry) => {
    const egressors = egressorsIn(after, iapOf(entry[0]));
    const entries = egressors.filter(([binding, member]) => mayRevoke(run, [entry], binding, member, after));
    // One who is in two bindings is one member.
    const doomed = [...new Set(entries.map(([, member]) => member))];
    const isLast = entries.length === egressors.length;
    const left = doomed.length - (isLast ? (doomed.some(isGone) ? 1 : doomed.length) : 0);
    return left > 0 ? [`not taken out: ${left} of ${entry[0]}, ${doomed.join(', ')}`] : [];
  });
  const services = [...after.services].filter((entry) => mayRemove(run, entry, after));
  return [...members, ...services.map(([id]) => `not removed: ${id}`)];
}
