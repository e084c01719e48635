import type { Desired, DesiredEndpoint } from '../config/desired.js';
import { formatServiceName, type ProjectRef } from '../google/names.js';
import type { RegistryService } from '../google/types.js';
import { redactUrl } from '../redact.js';
import { compareText, sortBy } from './canonical.js';
import type { WantedUrl } from './hosts.js';
import { isOwned, ownedDescription, type Owner } from './ownership.js';
import { canonicalServiceName, normaliseUrl, servingServices } from './serving.js';
import type { EndpointChange, FieldChange, InterfaceChange, Scope } from './types.js';

export interface EndpointInput {
  readonly desired: Desired;
  readonly scope: Scope;
  /** Where the services are. */
  readonly registryProject: ProjectRef;
  readonly services: readonly RegistryService[];
  readonly wanted: ReadonlyMap<string, readonly WantedUrl[]>;
}

/**
 * Plans the endpoint layer: one service per key, plus the services of others that already serve a declared URL.
 *
 * - A URL that some other service serves is adopted, never registered twice: Agent Registry refuses a URL that is
 *   already in use by another service.
 * - An own service (it carries this config's mark) follows the config in everything, except that a run narrowed to some
 *   engines takes nothing out: it has not seen what the others need.
 * - A service that merely has the key as its ID only ever gains interfaces: what somebody else put there stays.
 * - Services are changed in place. Deleting and creating one anew would give it a new endpoint ID and lose its grants.
 *
 * @returns changes sorted by key, the key's own service before the adopted ones
 */
export function planEndpoints(input: EndpointInput): EndpointChange[] {
  const carriers = planCarriers(input);
  return sortBy(input.desired.endpoints, ({ key }) => key).flatMap((endpoint) => {
    const urls = input.wanted.get(endpoint.key) ?? [];
    const own = serviceName(endpoint.key, input);
    const mine = urls.filter(({ url }) => carriers.get(url) === own);
    const others = urls.filter(({ url }) => carriers.get(url) !== own);
    return [...planOwn(endpoint, mine, carriers, input), ...planAdopted(endpoint, others, carriers, input)];
  });
}

/** @returns by URL, the name of the service that carries it: one that serves it already, else that of the owning key */
function planCarriers(input: EndpointInput): Map<string, string> {
  const serving = servingServices(input.services, input.registryProject);
  const carriers = new Map<string, string>();
  for (const { url, owner } of [...input.wanted.values()].flat()) {
    const own = serviceName(owner, input);
    const names = serving.get(url) ?? [];
    carriers.set(url, names.includes(own) ? own : (names[0] ?? own));
  }
  return carriers;
}

function planOwn(
  endpoint: DesiredEndpoint,
  mine: readonly WantedUrl[],
  carriers: ReadonlyMap<string, string>,
  input: EndpointInput,
): EndpointChange[] {
  const name = serviceName(endpoint.key, input);
  const own = input.services.find((service) => canonicalServiceName(service.name, input.registryProject) === name);
  if (!own && mine.length === 0) return [];
  const owner = ownerOf(endpoint, input);
  const owned = own !== undefined && isOwned(own, owner);
  // A service without a URL is none: one that is needed no longer stays as it is.
  const keepsAll = !owned || input.desired.partial || mine.length === 0;
  // A URL that another key takes from this service stays, too.
  const keeps = (url: string): boolean => keepsAll || carriers.get(url) === name;
  const interfaces = interfaceChanges(endpoint, own, owned, mine, keeps);
  const fields = owned || !own ? fieldChanges(own, endpoint, owner) : [];
  const changed = fields.length > 0 || interfaces.some(({ action }) => action !== 'keep');
  return [
    {
      layer: 'endpoint',
      action: own ? (changed ? 'update' : 'keep') : 'create',
      key: endpoint.key,
      service: name,
      displayName: own && !owned ? (own.displayName ?? endpoint.key) : endpoint.displayName,
      ...(own?.registryResource ? { registryResource: own.registryResource } : {}),
      interfaces,
      fields,
    },
  ];
}

function interfaceChanges(
  endpoint: DesiredEndpoint,
  own: RegistryService | undefined,
  owned: boolean,
  mine: readonly WantedUrl[],
  keeps: (url: string) => boolean,
): InterfaceChange[] {
  const reasons = new Map(mine.map(({ url, reason }) => [url, reason]));
  const existing = (own?.interfaces ?? []).map((item) => ({ ...item, normalised: normaliseUrl(item.url) }));
  // Somebody may have listed a URL twice, with two protocols: then the declared one is enough.
  const settled = new Set(
    existing.filter((item) => item.protocolBinding === endpoint.protocol).map(({ normalised }) => normalised),
  );
  const present = new Set<string>();
  const changes: InterfaceChange[] = [];
  for (const { url, protocolBinding, normalised } of existing) {
    const reason = reasons.get(normalised) ?? '';
    const differs = reasons.has(normalised) && owned && !present.has(normalised) && !settled.has(normalised);
    present.add(normalised);
    changes.push({
      action: differs ? 'change' : reasons.has(normalised) || keeps(normalised) ? 'keep' : 'remove',
      url: redactUrl(url),
      protocol: differs ? endpoint.protocol : protocolBinding,
      reason,
    });
  }
  for (const { url, reason } of mine) {
    if (!present.has(url)) changes.push({ action: 'add', url, protocol: endpoint.protocol, reason });
  }
  return sortInterfaces(changes);
}

function fieldChanges(own: RegistryService | undefined, endpoint: DesiredEndpoint, owner: Owner): FieldChange[] {
  const changes: FieldChange[] = [
    { field: 'description', from: own?.description ?? '', to: ownedDescription(owner) },
    { field: 'displayName', from: own?.displayName ?? '', to: endpoint.displayName },
  ];
  return changes.filter(({ from, to }) => from !== to);
}

/** Services that are not the key's own: somebody else's, or that of another key which lists the URL too. */
function planAdopted(
  endpoint: DesiredEndpoint,
  urls: readonly WantedUrl[],
  carriers: ReadonlyMap<string, string>,
  input: EndpointInput,
): EndpointChange[] {
  const reasons = new Map(urls.map(({ url, reason }) => [url, reason]));
  const names = [...new Set(urls.flatMap(({ url }) => carriers.get(url) ?? []))].sort(compareText);
  return names.map((name) => {
    const service = input.services.find(
      (candidate) => canonicalServiceName(candidate.name, input.registryProject) === name,
    );
    // The other key's service may not be there yet; then it will hold these URLs once it is registered.
    const interfaces =
      service?.interfaces ??
      urls.filter(({ url }) => carriers.get(url) === name).map(({ url }) => ({ url, protocolBinding: '' }));
    return {
      layer: 'endpoint',
      action: 'adopt',
      key: endpoint.key,
      service: name,
      displayName: service?.displayName ?? '',
      ...(service?.registryResource ? { registryResource: service.registryResource } : {}),
      interfaces: sortInterfaces(
        interfaces.map(({ url, protocolBinding }) => ({
          action: 'keep' as const,
          url: redactUrl(url),
          protocol: protocolBinding,
          reason: carriers.get(normaliseUrl(url)) === name ? (reasons.get(normaliseUrl(url)) ?? '') : '',
        })),
      ),
      fields: [],
    };
  });
}

function sortInterfaces(interfaces: readonly InterfaceChange[]): InterfaceChange[] {
  return sortBy(
    interfaces,
    ({ url }) => url,
    ({ protocol }) => protocol,
  );
}

/** What the `allow` input adds to a file is not the file's: other runs of it do not know of it. */
function ownerOf({ key, origin }: DesiredEndpoint, { desired, scope }: EndpointInput): Owner {
  return { config: origin.kind === 'file' ? desired.config : undefined, scope, key };
}

function serviceName(key: string, { registryProject, scope }: EndpointInput): string {
  return formatServiceName({ project: registryProject.id, location: scope.region, id: key });
}
