import { isKnownRegion, isMultiRegion } from './regions.js';

/** The Google APIs this program may call. */
export const APIS = [
  'aiplatform',
  'agentregistry',
  'iap',
  'networkservices',
  'networksecurity',
  'cloudresourcemanager',
  'serviceusage',
  'orgpolicy',
  'iam',
] as const;

export type Api = (typeof APIS)[number];

export const DEFAULT_UNIVERSE = 'googleapis.com';

/** Where each API's requests go. */
export interface Hosts {
  /** The API's root without a version, ending with a slash: `https://iap.googleapis.com/`. */
  root(api: Api): string;
}

/** Addresses that no token may be sent to, all of them at once. Thrown before any request. */
export class EndpointOverrideError extends Error {
  override readonly name = 'EndpointOverrideError';
  /** `variable` is the environment variable at fault, or the name of the input. */
  readonly problems: readonly { readonly variable: string; readonly reason: string }[];

  constructor(problems: readonly { variable: string; reason: string }[]) {
    super(problems.map(({ variable, reason }) => `${variable} ${reason}`).join('\n'));
    this.problems = problems;
  }
}

/** gcloud's own variable for an API's root (`gcloud topic configurations`, section api_endpoint_overrides). */
export const overrideVariable = (api: Api): string => `CLOUDSDK_API_ENDPOINT_OVERRIDES_${api.toUpperCase()}`;

/**
 * Public hosts, or what gcloud's override variables name instead (private endpoints, tests).
 * Source of the public hosts: Google's discovery documents; only aiplatform has regional ones.
 * @param options.universe `googleapis.com`, or the domain of a Trusted Partner Cloud
 * @param options.region location of the engines
 * @throws EndpointOverrideError when a value is not `https:`, or `http:` to this machine
 */
export function createHosts(options: { universe: string; region: string; env: NodeJS.ProcessEnv }): Hosts {
  const { universe, region, env } = options;
  const problems: { variable: string; reason: string }[] = [];
  const overrides = new Map<Api, string>();
  if (!isDomain(universe)) problems.push({ variable: 'universe', reason: 'is not a domain name.' });
  for (const api of APIS) {
    const value = env[overrideVariable(api)]?.trim() ?? '';
    if (value === '') continue;
    const checked = checkRoot(value);
    if ('reason' in checked) problems.push({ variable: overrideVariable(api), reason: checked.reason });
    else overrides.set(api, checked.root);
  }
  if (problems.length > 0) throw new EndpointOverrideError(problems);
  return {
    root: (api) => overrides.get(api) ?? `https://${publicHost(api, universe, region)}/`,
  };
}

function publicHost(api: Api, universe: string, region: string): string {
  if (api !== 'aiplatform') return `${api}.${universe}`;
  if (isMultiRegion(region)) return `aiplatform.${region}.rep.${universe}`;
  // The regions of other universes are in no list we know; that they have regional hosts too is inferred.
  const regional = universe === DEFAULT_UNIVERSE ? isKnownRegion(region) : /^[a-z][a-z\d-]*-[a-z\d-]*\d$/.test(region);
  return regional ? `${region}-aiplatform.${universe}` : `aiplatform.${universe}`;
}

/** The value is never repeated in a reason: it may hold a password. */
function checkRoot(value: string): { root: string } | { reason: string } {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    return { reason: 'is not a URL such as https://host/ or http://127.0.0.1:8085/iap/.' };
  }
  if (url.username !== '' || url.password !== '') return { reason: 'must not hold a user name or a password.' };
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(value))
    return { reason: 'must not hold a query or a fragment.' };
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return { reason: 'uses http: to another machine, where a token could be read on the way. Use https:.' };
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { reason: 'must start with https://.' };
  return { root: url.href.endsWith('/') ? url.href : `${url.href}/` };
}

/** `hostname` as the URL parser normalises it, so `127.1` and `0x7f000001` already read `127.0.0.1`. */
const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);

/** What ends in a number is an address to the URL parser, or no URL at all. */
const isDomain = (text: string): boolean =>
  !/\.(?:\d+|0x[a-f\d]*)$/.test(text) &&
  /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)+$/.test(text);
