import type { Desired, DesiredEndpoint } from '../config/desired.js';
import type { RegistryInterface, RegistryService } from '../google/types.js';
import { compareText, sortBy } from './canonical.js';
import type { WantedUrl } from './hosts.js';
import { isOwned, ownedDescription, type Owner } from './ownership.js';
import type { EndpointChange, FieldChange, InterfaceChange, Scope } from './types.js';

export interface EndpointInput {
  readonly desired: Desired;
  readonly scope: Scope;
  /** Parent of the services, `projects/{ID}/locations/{region}`. */
  readonly parent: string;
  readonly services: readonly RegistryService[];
  readonly wanted: ReadonlyMap<string, readonly WantedUrl[]>;
}

/**
 * Plans the endpoint layer: one service per key, plus the services of others that already serve a declared URL.
 *
 * - A URL that some other service serves is adopted, never registered twice: Agent Registry refuses a URL that is
 *   already in use by another service.
 * - An own service (it carries this config's mark) follows the config in everything. A service that merely has the
 *   key as its ID only ever gains interfaces: what somebody else put there stays.
 * - Services are changed in place. Deleting and creating one anew would give it a new endpoint ID and lose its grants.
 *
 * @returns changes sorted by key, the key's own service before the adopted ones
 */
export function planEndpoints(input: EndpointInput): EndpointChange[] {
  const byUrl = indexByUrl(input.services);
  const adoptedUrls = new Set<string>();
  const split = new Map<string, SplitKey>();
  for (const endpoint of input.desired.endpoints) {
    const parts = splitKey(endpoint, input, byUrl);
    parts.adopted.forEach((_service, url) => adoptedUrls.add(url));
    split.set(endpoint.key, parts);
  }
  return sortBy([...input.desired.endpoints], (endpoint) => endpoint.key).flatMap((endpoint) => {
    const parts = split.get(endpoint.key);
    return parts ? [...planOwn(endpoint, parts, input, adoptedUrls), ...planAdopted(endpoint, parts)] : [];
  });
}

/** @returns `https://host` in lower case without a slash at the end, as services of others may spell it. */
export function normaliseUrl(url: string): string {
  return url.trim().toLowerCase().replace(/\/$/, '');
}

interface SplitKey {
  readonly own: RegistryService | undefined;
  readonly owned: boolean;
  /** What the key's own service carries. */
  readonly mine: readonly WantedUrl[];
  /** Somebody else's service by URL. */
  readonly adopted: ReadonlyMap<string, RegistryService>;
  readonly reasons: ReadonlyMap<string, string>;
}

function splitKey(
  endpoint: DesiredEndpoint,
  { desired, scope, services, wanted }: EndpointInput,
  byUrl: ReadonlyMap<string, readonly RegistryService[]>,
): SplitKey {
  const own = services.find((service) => serviceId(service) === endpoint.key);
  const urls = wanted.get(endpoint.key) ?? [];
  const adopted = new Map<string, RegistryService>();
  for (const { url } of urls) {
    const serving = byUrl.get(url) ?? [];
    const other = serving[0];
    if (other && (!own || !serving.includes(own))) adopted.set(url, other);
  }
  return {
    own,
    owned: own !== undefined && isOwned(own, ownerOf(endpoint, desired, scope)),
    mine: urls.filter(({ url }) => !adopted.has(url)),
    adopted,
    reasons: new Map(urls.map(({ url, reason }) => [url, reason])),
  };
}

function planOwn(
  endpoint: DesiredEndpoint,
  parts: SplitKey,
  input: EndpointInput,
  adoptedUrls: ReadonlySet<string>,
): EndpointChange[] {
  const { own, owned, mine } = parts;
  if (!own && mine.length === 0) return [];
  const keepAll = !owned || input.desired.only !== undefined;
  const interfaces = interfaceChanges(endpoint, parts, (url) => keepAll || adoptedUrls.has(normaliseUrl(url)));
  const fields = owned || !own ? fieldChanges(own, endpoint, input) : [];
  const changed = fields.length > 0 || interfaces.some(({ action }) => action !== 'keep');
  return [
    {
      layer: 'endpoint',
      action: own ? (changed ? 'update' : 'keep') : 'create',
      key: endpoint.key,
      service: `${input.parent}/services/${endpoint.key}`,
      displayName: own && !owned ? (own.displayName ?? endpoint.key) : endpoint.displayName,
      ...(own?.registryResource ? { registryResource: own.registryResource } : {}),
      interfaces,
      fields,
    },
  ];
}

function interfaceChanges(
  endpoint: DesiredEndpoint,
  { own, owned, mine, reasons }: SplitKey,
  keeps: (url: string) => boolean,
): InterfaceChange[] {
  const wanted = new Set(mine.map(({ url }) => url));
  // Somebody may have listed a URL twice, with two protocols: then the declared one decides for both.
  const settled = new Set<string>();
  for (const { url, protocolBinding } of own?.interfaces ?? []) {
    if (protocolBinding === endpoint.protocol) settled.add(normaliseUrl(url));
  }
  const present = new Set<string>();
  const changes: InterfaceChange[] = [];
  for (const { url, protocolBinding } of own?.interfaces ?? []) {
    const normalised = normaliseUrl(url);
    const reason = reasons.get(normalised) ?? '';
    const isWanted = wanted.has(normalised);
    const isFirst = !present.has(normalised);
    present.add(normalised);
    if (!isWanted && !keeps(url)) {
      changes.push({ action: 'remove', url, protocol: protocolBinding, reason: '' });
    } else if (isWanted && owned && isFirst && !settled.has(normalised)) {
      changes.push({ action: 'change', url, protocol: endpoint.protocol, reason });
    } else {
      changes.push({ action: 'keep', url, protocol: protocolBinding, reason });
    }
  }
  for (const url of wanted) {
    if (present.has(url)) continue;
    changes.push({ action: 'add', url, protocol: endpoint.protocol, reason: reasons.get(url) ?? '' });
  }
  return sortBy(
    changes,
    ({ url }) => url,
    ({ protocol }) => protocol,
  );
}

function fieldChanges(
  own: RegistryService | undefined,
  endpoint: DesiredEndpoint,
  { desired, scope }: EndpointInput,
): FieldChange[] {
  const description = ownedDescription(ownerOf(endpoint, desired, scope));
  const changes: FieldChange[] = [
    { field: 'description', from: own?.description ?? '', to: description },
    { field: 'displayName', from: own?.displayName ?? '', to: endpoint.displayName },
  ];
  return changes.filter(({ from, to }) => from !== to);
}

function planAdopted(endpoint: DesiredEndpoint, { adopted, reasons }: SplitKey): EndpointChange[] {
  const services = sortBy([...new Set(adopted.values())], (service) => service.name);
  return services.map((service) => ({
    layer: 'endpoint',
    action: 'adopt',
    key: endpoint.key,
    service: service.name,
    displayName: service.displayName ?? '',
    ...(service.registryResource ? { registryResource: service.registryResource } : {}),
    interfaces: sortBy(
      (service.interfaces ?? []).map(({ url, protocolBinding }) => ({
        action: 'keep' as const,
        url,
        protocol: protocolBinding,
        // Only URLs that this very key takes from the service have a reason here.
        reason: adopted.get(normaliseUrl(url)) === service ? (reasons.get(normaliseUrl(url)) ?? '') : '',
      })),
      ({ url }) => url,
      ({ protocol }) => protocol,
    ),
    fields: [],
  }));
}

/** @returns services by the normalised URLs they serve, each list sorted by name. */
function indexByUrl(services: readonly RegistryService[]): Map<string, RegistryService[]> {
  const index = new Map<string, RegistryService[]>();
  for (const service of services) {
    for (const url of new Set((service.interfaces ?? []).map((item: RegistryInterface) => normaliseUrl(item.url)))) {
      index.set(url, [...(index.get(url) ?? []), service]);
    }
  }
  for (const list of index.values()) list.sort((a, b) => compareText(a.name, b.name));
  return index;
}

/** The config's name in ownership marks; a run with inputs alone has none of its own. */
export function ownerOf(endpoint: Pick<DesiredEndpoint, 'key'>, desired: Desired, scope: Scope): Owner {
  return { config: desired.file ?? 'inputs', scope, key: endpoint.key };
}

function serviceId(service: RegistryService): string {
  return service.name.slice(service.name.lastIndexOf('/') + 1);
}
