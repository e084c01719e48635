import type { Desired } from '../config/desired.js';
import type { Observed, ObservedEngine } from '../observe/observed.js';

/**
 * How much a run knows of what its config declares, and so how much it may call no longer declared:
 *
 * - `file`: all of it.
 * - `engines`: all that some engines may reach; the file's other engines are not looked at (the `engines` input).
 * - `nothing`: what the engines may reach comes from an input, or nothing says it. Other runs may say something else, so only
 *   what nobody can use any more is left to be taken away.
 */
export type Reach = 'file' | 'engines' | 'nothing';

/** @returns how far a run speaks for its config */
export function reachOf({
  config,
  partial,
  only,
  allowGiven,
}: Pick<Desired, 'config' | 'partial' | 'only' | 'allowGiven'>): Reach {
  // Without `only`, the `engines` input names engines that no agent of the file is about.
  if (config === undefined || allowGiven || (partial && only === undefined)) return 'nothing';
  return partial ? 'engines' : 'file';
}

/**
 * What an engine may reach is the hosts of its endpoints, and those of a preset grow with the environments of all engines that may
 * use it: a run that sees some of them alone knows of none too many, but of some too few.
 *
 * @returns true when no host is missing, so that what is not among them is not allowed
 */
export function knowsHostsOf(engine: ObservedEngine, desired: Desired, { selection }: Observed): boolean {
  if (reachOf(desired) === 'file') return true;
  const allowed = selection.allow.get(engine.name) ?? [];
  return !desired.endpoints.some(({ key, presets }) => presets.length > 0 && allowed.includes(key));
}
