import type { Desired, DesiredEndpoint } from './desired.js';
import { expandPreset } from './expand.js';
import type { HostScope } from './preset-hosts.js';

/** @returns the endpoint that carries the URL, by itself or through a preset: the first that lists it */
export function ownerOfUrl(
  url: string,
  endpoints: Desired['endpoints'],
  scope: HostScope,
): DesiredEndpoint | undefined {
  return endpoints.find(
    (endpoint) =>
      endpoint.urls.some((listed) => listed.url === url) ||
      endpoint.presets.some(({ name }) => expandPreset(name, scope).some((host) => host.url === url)),
  );
}
