import { PRESETS, type PresetName } from './preset-hosts.js';

export { expandForEnvironment } from './environment.js';
export { expandPreset, isPreset, type HostReason } from './expand.js';
export type { HostScope, PresetName } from './preset-hosts.js';

/** All preset names, the most needed first. */
export const PRESET_NAMES = Object.keys(PRESETS) as [PresetName, ...PresetName[]];

/** What a preset is for, in a few words. */
export function describePreset(name: PresetName): string {
  return PRESETS[name].description;
}
