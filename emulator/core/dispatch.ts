import { labelAuthorization, newEntry, type RequestLogEntry } from '../request-log.js';
import type { State } from '../state/state.js';
import { badRequest, GoogleError } from './errors.js';
import { authenticate, requireEnabled } from './gate.js';
import { findRoute, SYSTEM_PARAMETERS, type Api, type Call, type Match } from './router.js';

/**
 * The one place where something may come between a request and its effect: `before` runs when the request is accepted and nothing
 * has changed yet, `after` when the change is made and the answer is not sent. Either may answer in the API's place.
 */
export interface Interceptor {
  before?(entry: RequestLogEntry): Promise<Response | undefined> | Response | undefined;
  after?(entry: RequestLogEntry, response: Response): Promise<Response> | Response;
}

export interface Dispatcher {
  readonly state: () => State;
  readonly requests: RequestLogEntry[];
  readonly interceptors: readonly Interceptor[];
}

/** Answers one request to one API and logs it. */
export async function dispatch(dispatcher: Dispatcher, api: Api, request: Request): Promise<Response> {
  const state = dispatcher.state();
  const url = new URL(request.url);
  const path = url.pathname.slice(`/${api.name}`.length) || '/';
  const entry = newEntry(dispatcher.requests.length + 1, state.clock.iso(), api.name, request, path, url.searchParams);
  dispatcher.requests.push(entry);
  const response = await answer(dispatcher, api, request, entry, url.searchParams);
  entry.status = response.status;
  return response;
}

async function answer(
  dispatcher: Dispatcher,
  api: Api,
  request: Request,
  entry: RequestLogEntry,
  query: URLSearchParams,
): Promise<Response> {
  const state = dispatcher.state();
  const { latencyMs } = state.settings;
  if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
  try {
    const match = findRoute(api, request.method, entry.path);
    if (match === undefined) return notOnThisServer(entry.path);
    entry.write = match.route.write;
    const body = await readBody(request);
    if (body !== undefined && api.public !== true) entry.body = body;
    labelAuthorization(entry, authenticate(state, api, request.headers.get('authorization')));
    requireEnabled(state, api, entry.path, request.headers.get('x-goog-user-project'));
    checkQuery(match, query);
    for (const interceptor of dispatcher.interceptors) {
      const instead = await interceptor.before?.(entry);
      if (instead) return instead;
    }
    state.settle();
    const call = callOf(request, entry.path, query, body, match);
    let response = json(200, await match.route.handler(call, state));
    for (const interceptor of dispatcher.interceptors)
      response = (await interceptor.after?.(entry, response)) ?? response;
    return response;
  } catch (error) {
    if (error instanceof GoogleError) return json(error.httpStatus, error.envelope());
    throw error;
  }
}

function callOf(request: Request, path: string, query: URLSearchParams, body: unknown, match: Match): Call {
  return {
    method: request.method,
    path,
    version: match.version,
    query,
    headers: request.headers,
    body,
    param: (name) => {
      const value = match.params.get(name);
      if (value === undefined) throw new Error(`${match.route.template} has no ${name}`);
      return value;
    },
  };
}

async function readBody(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text === '') return undefined;
  if (request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true) {
    return Object.fromEntries(new URLSearchParams(text));
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new GoogleError('INVALID_ARGUMENT', 'Invalid JSON payload received. Unexpected token.');
  }
}

/** A query parameter the method does not know is a 400, as on Google's front end. */
function checkQuery(match: Match, query: URLSearchParams): void {
  for (const name of query.keys()) {
    if (match.route.query.includes(name) || SYSTEM_PARAMETERS.includes(name)) continue;
    const message = `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter. Field '${name}' could not be found in request message.`;
    throw new GoogleError('INVALID_ARGUMENT', message, [badRequest(name, message)]);
  }
}

/** A path no API has: Google's front end answers with a page of its own, not with an API error. */
function notOnThisServer(path: string): Response {
  const html = `<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n<p><b>404.</b> That’s an error.\n<p>The requested URL <code>${path.replace(/[<&]/g, '')}</code> was not found on this server.\n`;
  return new Response(html, { status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' } });
}

function json(status: number, body: unknown): Response {
  return new Response(`${JSON.stringify(body, null, 2)}\n`, {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
  });
}
