import { createHash } from 'node:crypto';
import { report, type Context, type ScopeSoFar } from './context.js';
import type { Desired, DesiredEndpoint } from './desired.js';
import { ownersOfUrls } from './host-owners.js';
import { isPreset, PRESET_NAMES } from './presets.js';
import { formatOrigin, inputOrigin, nearest, quote } from './problems.js';
import { SERVICE_ID } from './schema.js';
import { normalizeUrl } from './url.js';

/** Key of the endpoint that presets of the `allow` input go to when no endpoint of the file lists them. */
export const GOOGLE_APIS = 'google-apis';
const ORIGIN = inputOrigin('allow');

/** What the `allow` input means: keys of endpoints, and the endpoints that exist only because of it. */
export interface AllowInput {
  readonly keys: readonly string[];
  readonly added: readonly DesiredEndpoint[];
}

/** An item is, in this order, a key of the file, a preset or a URL. What the file declares is used, not doubled. */
export function readAllowInput(
  context: Context,
  items: readonly string[],
  endpoints: Desired['endpoints'],
  { region = '', universe }: ScopeSoFar,
): AllowInput {
  const declared = new Set(endpoints.map(({ key }) => key));
  const keys = new Set<string>();
  const presets: string[] = [];
  const urls = new Set<string>();
  for (const item of items) {
    if (declared.has(item)) keys.add(item);
    else if (isPreset(item)) takePreset(context, item, endpoints, keys, presets);
    else takeUrl(context, item, declared, urls);
  }
  const google = presets.length > 0 ? [synthesised(GOOGLE_APIS, 'Google APIs', presets, [])] : [];
  const hosts: string[] = [];
  const owners = ownersOfUrls([...endpoints, ...google], { region, universe });
  for (const url of urls) {
    const owner = owners.get(url);
    if (owner === undefined) hosts.push(new URL(url).hostname);
    else keys.add(owner.key);
  }
  const byHost = keysOfHosts(hosts, declared);
  const own = hosts.map((host) => synthesised(byHost.get(host) ?? host, host.slice(0, 63), [], [`https://${host}`]));
  const added = [...google, ...own];
  for (const { key } of added) keys.add(key);
  return { keys: [...keys], added };
}

function takePreset(
  context: Context,
  preset: string,
  endpoints: Desired['endpoints'],
  keys: Set<string>,
  presets: string[],
): void {
  const lists = endpoints.find((endpoint) => endpoint.presets.some(({ name }) => name === preset));
  const google = endpoints.find(({ key }) => key === GOOGLE_APIS);
  if (lists !== undefined) keys.add(lists.key);
  else if (google === undefined) presets.push(preset);
  else {
    const message = `The file declares ${quote(GOOGLE_APIS)} without the preset ${quote(preset)}, and no other endpoint lists it.`;
    report(context, ORIGIN, message, `Add ${preset} to its presets (${formatOrigin(google.origin)}).`);
  }
}

function takeUrl(context: Context, item: string, declared: ReadonlySet<string>, urls: Set<string>): void {
  if (!/[./:]/.test(item)) {
    const close = nearest(item, [...declared, ...PRESET_NAMES]);
    const fix =
      close === undefined
        ? `Write an https:// URL or a preset: ${PRESET_NAMES.join(', ')}.`
        : `Did you mean ${quote(close)}?`;
    report(context, ORIGIN, `${quote(item)} is no endpoint of the file, no preset and no https:// URL.`, fix);
    return;
  }
  const result = normalizeUrl(item);
  if ('message' in result) report(context, ORIGIN, result.message, result.fix);
  else urls.add(result.url);
}

function synthesised(key: string, displayName: string, presets: string[], urls: string[]): DesiredEndpoint {
  return {
    key,
    displayName,
    presets: presets.map((name) => ({ name, origin: ORIGIN })),
    urls: urls.map((url) => ({ url, origin: ORIGIN })),
    protocol: 'JSONRPC',
    carryOver: false,
    origin: ORIGIN,
  };
}

/**
 * A key for each host: `api.stripe.com` becomes `api-stripe-com`. It names the service in Agent Registry, so the same
 * hosts give the same keys in any order. Where that is too long, too short or taken, a hash of the host tells it apart.
 */
export function keysOfHosts(hosts: readonly string[], declared: ReadonlySet<string>): Map<string, string> {
  const taken = new Set([...declared, GOOGLE_APIS]);
  const keys = new Map<string, string>();
  for (const host of [...hosts].sort()) {
    const plain = host.replaceAll('.', '-').replace(/^(?=[^a-z])/, 'host-');
    const hash = createHash('sha256').update(host).digest('hex').slice(0, 8);
    const fits = SERVICE_ID.test(plain) && !taken.has(plain);
    const key = fits ? plain : `${plain.slice(0, 54).replace(/-+$/, '')}-${hash}`;
    taken.add(key);
    keys.set(host, key);
  }
  return keys;
}
