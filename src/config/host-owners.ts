import type { Desired, DesiredEndpoint } from './desired.js';
import { expandPreset } from './expand.js';
import type { HostScope } from './preset-hosts.js';

/** @returns by URL, the endpoint that carries it, by itself or through a preset: the first that lists it */
export function ownersOfUrls(endpoints: Desired['endpoints'], scope: HostScope): ReadonlyMap<string, DesiredEndpoint> {
  const owners = new Map<string, DesiredEndpoint>();
  const hosts = new Map<string, readonly string[]>();
  const hostsOf = (preset: string): readonly string[] => {
    const known = hosts.get(preset) ?? expandPreset(preset, scope).map(({ url }) => url);
    hosts.set(preset, known);
    return known;
  };
  for (const endpoint of endpoints) {
    const urls = [...endpoint.urls.map(({ url }) => url), ...endpoint.presets.flatMap(({ name }) => hostsOf(name))];
    for (const url of urls) if (!owners.has(url)) owners.set(url, endpoint);
  }
  return owners;
}
