import type { Desired, DesiredEndpoint } from '../config/desired.js';
import { expandForEnvironment, expandPreset, type HostReason, type HostScope } from '../config/presets.js';
import { formatServiceName } from '../google/names.js';
import type { Observed, ObservedEngine } from '../observe/observed.js';
import { compareText, sortBy } from './canonical.js';
import { servingServices } from './serving.js';

/** A URL that an endpoint key wants, and why. */
export interface WantedUrl {
  readonly url: string;
  readonly reason: string;
  /** The key whose service carries the URL: the first that lists it. */
  readonly owner: string;
}

/** URLs that an engine needs for one of its keys, but another key carries that it is not allowed. */
export interface UnmetHosts {
  readonly engine: ObservedEngine;
  readonly key: string;
  readonly owner: string;
  readonly urls: readonly string[];
}

export interface PlannedHosts {
  /** By key, each list sorted by URL. */
  readonly wanted: ReadonlyMap<string, readonly WantedUrl[]>;
  readonly unmet: readonly UnmetHosts[];
}

/**
 * Which URLs every endpoint key wants, and whose service carries them. A URL that two keys list belongs to the first:
 * Agent Registry lets one service carry a URL ("Interface URL … is already in use by another service"). What engines'
 * own environment variables add comes last and never takes a URL away from a key that lists it.
 */
export function planHosts(
  desired: Desired,
  {
    engines,
    selection,
    services,
    registryProject,
  }: Pick<Observed, 'engines' | 'selection' | 'services' | 'registryProject'>,
  scope: HostScope,
): PlannedHosts {
  const owners = new Map<string, string>();
  const serving = servingServices(services, registryProject);
  const place = { project: registryProject.id, location: scope.region };
  const names = new Map(desired.endpoints.map(({ key }) => [key, formatServiceName({ ...place, id: key })]));
  // Then the key takes the URL from there, as the owning key does.
  const isElsewhere = (url: string): boolean =>
    serving.has(url) && !serving.get(url)?.includes(names.get(owners.get(url) ?? '') ?? '');
  const wanted = new Map<string, Map<string, string[]>>();
  const want = (key: string, { url, reason }: Reasoned): void => {
    const reasons = wanted.get(key)?.get(url) ?? [];
    if (!reasons.includes(reason)) wanted.get(key)?.set(url, [...reasons, reason]);
  };
  // Once for each endpoint, not for each engine that may reach it.
  const declared = new Map(desired.endpoints.map((endpoint) => [endpoint, declaredUrls(endpoint, scope)]));
  for (const [endpoint, items] of declared) {
    wanted.set(endpoint.key, new Map());
    for (const item of items) {
      if (!owners.has(item.url)) owners.set(item.url, endpoint.key);
      want(endpoint.key, item);
    }
  }
  const needs = sortBy(engines, ({ name }) => name).flatMap((engine) => {
    const allow = new Set(selection.allow.get(engine.name));
    return desired.endpoints
      .filter(({ key }) => allow.has(key))
      .map((endpoint) => ({ engine, endpoint, allow, added: environmentUrls(endpoint, engine, scope) }));
  });
  for (const { endpoint, added } of needs) {
    for (const item of added) {
      if (!owners.has(item.url)) owners.set(item.url, endpoint.key);
      if (owners.get(item.url) === endpoint.key || isElsewhere(item.url)) want(endpoint.key, item);
    }
  }
  const unmet = needs.flatMap(({ engine, endpoint, allow, added }) =>
    unmetHosts(
      { engine, key: endpoint.key, allow },
      [...(declared.get(endpoint) ?? []), ...added].map(({ url }) => url),
      (url) => (isElsewhere(url) ? undefined : owners.get(url)),
    ),
  );
  return { wanted: new Map([...wanted].map(([key, urls]) => [key, listOf(urls, owners)])), unmet };
}

type Reasoned = Pick<WantedUrl, 'url' | 'reason'>;

function declaredUrls(endpoint: DesiredEndpoint, scope: HostScope): Reasoned[] {
  return [
    ...endpoint.urls.map(({ url }) => ({ url, reason: 'Listed under urls' })),
    ...endpoint.presets.flatMap(({ name }) => expandPreset(name, scope)).map(withPreset),
  ];
}

function environmentUrls(endpoint: DesiredEndpoint, { env }: ObservedEngine, scope: HostScope): Reasoned[] {
  // Asked for every engine and endpoint, and most endpoints have none.
  if (endpoint.presets.length === 0) return [];
  const presets = endpoint.presets.map(({ name }) => name);
  return expandForEnvironment(presets, env, scope).map(withPreset);
}

function withPreset({ url, preset, reason }: HostReason): Reasoned {
  return { url, reason: `${preset}: ${reason}` };
}

function listOf(urls: ReadonlyMap<string, readonly string[]>, owners: ReadonlyMap<string, string>): WantedUrl[] {
  return [...urls]
    .map(([url, reasons]) => ({ url, reason: reasons.join('; '), owner: owners.get(url) ?? '' }))
    .sort((a, b) => compareText(a.url, b.url));
}

/** An engine that may use the key's own service but not the one that carries some of its URLs would be denied those. */
function unmetHosts(
  { engine, key, allow }: Pick<UnmetHosts, 'engine' | 'key'> & { readonly allow: ReadonlySet<string> },
  urls: readonly string[],
  ownerOf: (url: string) => string | undefined,
): UnmetHosts[] {
  const missing = new Map<string, Set<string>>();
  for (const url of urls) {
    const owner = ownerOf(url);
    if (owner === undefined || allow.has(owner)) continue;
    missing.set(owner, (missing.get(owner) ?? new Set()).add(url));
  }
  return [...missing].map(([owner, found]) => ({ engine, key, owner, urls: [...found].sort(compareText) }));
}
