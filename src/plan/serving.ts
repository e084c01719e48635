import { formatServiceName, parseServiceName, type ProjectRef } from '../google/names.js';
import type { RegistryService } from '../google/types.js';
import { compareText } from './canonical.js';

/** @returns `https://host` in lower case without a slash at the end, as services of others may spell it */
export function normaliseUrl(url: string): string {
  return url.trim().toLowerCase().replace(/\/$/, '');
}

/** The registry may answer with the project's ID or its number: one service has one name here, the one with the ID. */
export function canonicalServiceName(name: string, registryProject: ProjectRef): string {
  const parsed = parseServiceName(name);
  return parsed?.project === registryProject.number
    ? formatServiceName({ ...parsed, project: registryProject.id })
    : name;
}

/** @returns the names of the services that serve each normalised URL now, sorted */
export function servingServices(
  services: readonly RegistryService[],
  registryProject: ProjectRef,
): Map<string, readonly string[]> {
  const serving = new Map<string, string[]>();
  for (const service of services) {
    const name = canonicalServiceName(service.name, registryProject);
    for (const url of new Set((service.interfaces ?? []).map((item) => normaliseUrl(item.url)))) {
      serving.set(url, [...(serving.get(url) ?? []), name].sort(compareText));
    }
  }
  return serving;
}
