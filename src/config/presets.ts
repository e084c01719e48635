import { expandForEnvironment } from './environment.js';
import { expandPreset, type HostReason } from './expand.js';
import { PRESETS, type HostScope, type PresetName } from './preset-hosts.js';

export { expandForEnvironment } from './environment.js';
export { expandPreset, isPreset, type HostReason } from './expand.js';
export type { HostScope, PresetName } from './preset-hosts.js';

/** All preset names, the most needed first. */
export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];

/** What a preset is for, in a few words. */
export function describePreset(name: PresetName): string {
  return PRESETS[name].description;
}

/**
 * The host names several presets stand for, each once, with every reason for it: what the presets list and, when the
 * environment variables of an engine are given, what these add.
 */
export function expandPresets(
  names: readonly string[],
  scope: HostScope,
  env: Readonly<Record<string, string>> = {},
): HostReason[] {
  const merged = new Map<string, HostReason>();
  const declared = names.flatMap((name) => expandPreset(name, scope));
  for (const host of [...declared, ...expandForEnvironment(names, env, scope)]) {
    const known = merged.get(host.url);
    merged.set(host.url, known === undefined ? host : withReason(known, host.reason));
  }
  return [...merged.values()];
}

function withReason(host: HostReason, reason: string): HostReason {
  return host.reason.includes(reason) ? host : { ...host, reason: `${host.reason} ${reason}` };
}
