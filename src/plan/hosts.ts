import type { Desired, DesiredEndpoint } from '../config/desired.js';
import { expandForEnvironment, expandPreset } from '../config/presets.js';
import type { Observed } from '../observe/observed.js';
import { compareText } from './canonical.js';

/** A URL that an endpoint key wants, and why. */
export interface WantedUrl {
  readonly url: string;
  readonly reason: string;
}

/** What host names are expanded for. */
export interface HostScope {
  readonly region: string;
  readonly universe: string;
}

/**
 * Every URL each endpoint key wants, once: a URL that two keys list belongs to the first of them, because Agent
 * Registry lets one service carry a URL. The hosts that engines' own environment variables add come last and never
 * take a URL away from a key that lists it.
 *
 * @returns wanted URLs by key, sorted by URL
 */
export function wantedUrls(
  desired: Desired,
  observed: Pick<Observed, 'engines' | 'selection'>,
  scope: HostScope,
): Map<string, WantedUrl[]> {
  const taken = new Set<string>();
  const wanted = new Map<string, WantedUrl[]>();
  const claim = (key: string, found: readonly WantedUrl[]): void => {
    const list = wanted.get(key) ?? [];
    for (const item of found) {
      if (taken.has(item.url)) continue;
      taken.add(item.url);
      list.push({ url: item.url, reason: item.reason });
    }
    wanted.set(key, list);
  };
  for (const endpoint of desired.endpoints) claim(endpoint.key, declaredUrls(endpoint, scope));
  for (const endpoint of desired.endpoints) claim(endpoint.key, environmentUrls(endpoint, observed, scope));
  for (const list of wanted.values()) list.sort((a, b) => compareText(a.url, b.url));
  return wanted;
}

function declaredUrls(endpoint: DesiredEndpoint, scope: HostScope): WantedUrl[] {
  return [
    ...endpoint.urls.map(({ url }) => ({ url, reason: 'listed under urls' })),
    ...endpoint.presets.flatMap((preset) => expandPreset(preset.name, scope)),
  ];
}

function environmentUrls(
  endpoint: DesiredEndpoint,
  { engines, selection }: Pick<Observed, 'engines' | 'selection'>,
  scope: HostScope,
): WantedUrl[] {
  const presets = endpoint.presets.map((preset) => preset.name);
  return engines
    .filter((engine) => selection.allow.get(engine.name)?.includes(endpoint.key))
    .flatMap((engine) => expandForEnvironment(presets, engine.env, scope));
}
