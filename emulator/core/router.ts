import { badRequest, GoogleError } from './errors.js';
import type { Json } from './json.js';
import type { State } from '../state/state.js';

/** One request to one API, after its prefix was taken off and before anything was decided. */
export interface Call {
  readonly method: string;
  /** Path after the API's prefix: exactly Google's. */
  readonly path: string;
  readonly version: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: unknown;
  /** A named part of the path; asking for one the template does not have is a mistake of the emulator. */
  param(name: string): string;
}

export type Handler = (call: Call, state: State) => Json | Promise<Json>;

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As in the discovery documents, without the version: `projects/{project}/locations/{location}/services/{service}`. */
  readonly template: string;
  readonly handler: Handler;
  /** Query parameters it understands; any other is a 400, as on Google's front end. */
  readonly query: readonly string[];
  /** Does it change anything? Reads by POST (getIamPolicy) say no. */
  readonly write: boolean;
}

/** An API under its own prefix. */
export interface Api {
  /** Prefix and log name: `iap`. */
  readonly name: string;
  /** Service name: `iap.googleapis.com`. */
  readonly service: string;
  readonly versions: readonly string[];
  readonly routes: readonly Route[];
  /** No OAuth token wanted: the token exchange itself. */
  readonly public?: boolean;
}

/** System parameters every Google API takes (discovery documents, top-level `parameters`). */
export const SYSTEM_PARAMETERS = ['alt', '$alt', 'fields', 'key', 'prettyPrint', 'quotaUser', '$.xgafv', 'callback'];

/** 400 for a query parameter that the method does not have, in the words of Google's front end. */
export function unknownParameter(name: string): GoogleError {
  const message = `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`;
  return new GoogleError('INVALID_ARGUMENT', message, [badRequest(name, message)]);
}

/** A method that only reads. */
export const read = (template: string, handler: Handler, query: readonly string[] = []): Route => ({
  method: 'GET',
  template,
  handler,
  query,
  write: false,
});

/** A POST; `write` says no for reads by POST. */
export const post = (template: string, handler: Handler, query: readonly string[] = [], write = true): Route => ({
  method: 'POST',
  template,
  handler,
  query,
  write,
});

/** A PATCH with an update mask. */
export const patch = (template: string, handler: Handler, query: readonly string[] = ['updateMask']): Route => ({
  method: 'PATCH',
  template,
  handler,
  query,
  write: true,
});

/** A DELETE. */
export const remove = (template: string, handler: Handler, query: readonly string[] = []): Route => ({
  method: 'DELETE',
  template,
  handler,
  query,
  write: true,
});

export interface Match {
  readonly route: Route;
  readonly version: string;
  readonly params: ReadonlyMap<string, string>;
}

/** The route a request belongs to, or nothing: then Google's front end answers with its own HTML page. */
export function findRoute(api: Api, method: string, path: string): Match | undefined {
  for (const route of api.routes) {
    if (route.method !== method) continue;
    const match = compile(route.template).exec(path);
    const version = match?.groups?.version ?? '';
    if (match?.groups === undefined || !api.versions.includes(version)) continue;
    const params = Object.entries(match.groups).map(([name, value]) => [name, decode(value)] as const);
    return { route, version, params: new Map(params) };
  }
  return undefined;
}

const compiled = new Map<string, RegExp>();

/** `{x}` is one segment without a colon, so that a custom verb is never part of an id; `{x=**}` is the rest. */
function compile(template: string): RegExp {
  const known = compiled.get(template);
  if (known !== undefined) return known;
  const pattern = template.replace(/\{(\w+)(=\*\*)?\}/g, (_, name: string, rest?: string) =>
    rest === undefined ? `(?<${name}>[^/:]+)` : `(?<${name}>.*)`,
  );
  const regex = new RegExp(`^/(?<version>v[0-9][a-z0-9]*)/${pattern}$`);
  compiled.set(template, regex);
  return regex;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
