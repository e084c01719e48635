import { PRESETS, type HostForm, type HostScope, type Preset, type PresetName } from './preset-hosts.js';

/** One host name that a preset stands for, and a short sentence why it is there and in which form. */
export interface HostReason {
  readonly url: string;
  readonly preset: string;
  readonly reason: string;
}

/** Whether the text names a preset. */
export function isPreset(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}

/** The host names a preset stands for in this region and universe; none for a name that is no preset. */
export function expandPreset(name: string, scope: HostScope): HostReason[] {
  if (!isPreset(name)) return [];
  const preset: Preset = PRESETS[name];
  const place = { region: preset.region ?? scope.region, universe: scope.universe };
  return preset.services.flatMap(({ service, forms, why }) =>
    forms.flatMap((form) => hostsOf(name, service, form, why, place)),
  );
}

/** The hosts of one API in one form: the mTLS host next to the plain one where there is such a thing. */
export function hostsOf(
  preset: string,
  service: string,
  form: HostForm,
  why: string,
  { region, universe }: HostScope,
): HostReason[] {
  const entry = (host: string, formName: string): HostReason => ({
    url: `https://${host}.${universe}`,
    preset,
    reason: `${capital(why)} (${formName})`,
  });
  if (form === 'rep') return [entry(`${service}.${region}.rep`, 'regional endpoint, .rep')];
  const [stem, name] = form === 'global' ? [service, 'host'] : [`${region}-${service}`, 'regional host'];
  return [
    entry(stem, name),
    // google-genai 1.47.0 is reported to ignore both switches, and an agent whose client ignored them was seen on both
    // hosts, so neither form can be left out.
    entry(`${stem}.mtls`, `${name}, mTLS`),
  ];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
