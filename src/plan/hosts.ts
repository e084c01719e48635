import type { Desired, DesiredEndpoint } from '../config/desired.js';
import { expandForEnvironment, expandPreset, type HostReason, type HostScope } from '../config/presets.js';
import type { Observed } from '../observe/observed.js';
import { compareText, sortBy } from './canonical.js';

/** A URL that an endpoint key wants, and why. */
export interface WantedUrl {
  readonly url: string;
  readonly reason: string;
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
  const owners = new Map<string, string>();
  const reasons = new Map<string, string[]>();
  const claim = (key: string, found: readonly WantedUrl[]): void => {
    for (const { url, reason } of found) {
      const owner = owners.get(url) ?? key;
      const known = reasons.get(url) ?? [];
      owners.set(url, owner);
      if (owner === key && !known.includes(reason)) reasons.set(url, [...known, reason]);
    }
  };
  for (const endpoint of desired.endpoints) claim(endpoint.key, declaredUrls(endpoint, scope));
  for (const endpoint of desired.endpoints) claim(endpoint.key, environmentUrls(endpoint, observed, scope));
  const wanted = new Map(desired.endpoints.map(({ key }): [string, WantedUrl[]] => [key, []]));
  for (const url of [...owners.keys()].sort(compareText)) {
    wanted.get(owners.get(url) ?? '')?.push({ url, reason: (reasons.get(url) ?? []).join('; ') });
  }
  return wanted;
}

function declaredUrls(endpoint: DesiredEndpoint, scope: HostScope): WantedUrl[] {
  return [
    ...endpoint.urls.map(({ url }) => ({ url, reason: 'Listed under urls' })),
    ...endpoint.presets.flatMap(({ name }) => expandPreset(name, scope)).map(withPreset),
  ];
}

function environmentUrls(
  endpoint: DesiredEndpoint,
  { engines, selection }: Pick<Observed, 'engines' | 'selection'>,
  scope: HostScope,
): WantedUrl[] {
  const presets = endpoint.presets.map((preset) => preset.name);
  return sortBy(engines, ({ name }) => name)
    .filter((engine) => selection.allow.get(engine.name)?.includes(endpoint.key))
    .flatMap((engine) => expandForEnvironment(presets, engine.env, scope))
    .map(withPreset);
}

function withPreset({ url, preset, reason }: HostReason): WantedUrl {
  return { url, reason: `${preset}: ${reason}` };
}
