import type { Faults } from '../faults/faults.js';
import { labelAuthorization, newEntry, type RequestLogEntry } from '../request-log.js';
import type { State } from '../state/state.js';
import { errorAnswer, jsonAnswer, pageAnswer } from './answers.js';
import { NOTHING_TO_SEND, type Connection } from './connection.js';
import { GoogleError } from './errors.js';
import { authenticate, bearerToken, requireEnabled } from './gate.js';
import type { Json } from './json.js';
import { findRoute, SYSTEM_PARAMETERS, unknownParameter, type Api, type Call, type Match } from './router.js';

/**
 * A test's own code between a request and its effect, for what no fault can say (emulator/faults): `before` runs when the request is
 * accepted and nothing has changed yet, `after` when the change is made and the answer is not sent. Either may answer in the API's
 * place.
 */
export interface Interceptor {
  before?(entry: RequestLogEntry): Promise<Response | undefined> | Response | undefined;
  after?(entry: RequestLogEntry, response: Response): Promise<Response> | Response;
}

export interface Dispatcher {
  readonly state: () => State;
  readonly requests: RequestLogEntry[];
  readonly faults: Faults;
  readonly interceptors: readonly Interceptor[];
}

/** Answers one request to one API and logs it. */
export async function dispatch(
  dispatcher: Dispatcher,
  api: Api,
  request: Request,
  connection: Connection,
): Promise<Response> {
  const state = dispatcher.state();
  const url = new URL(request.url);
  const path = url.pathname.slice(`/${api.name}`.length) || '/';
  const entry = newEntry(dispatcher.requests.length + 1, state.clock.iso(), api.name, request, path, url.searchParams);
  dispatcher.requests.push(entry);
  const response = await answer(dispatcher, api, request, { entry, connection });
  if (response !== NOTHING_TO_SEND) entry.status = response.status;
  return response;
}

async function answer(
  dispatcher: Dispatcher,
  api: Api,
  request: Request,
  { entry, connection }: { readonly entry: RequestLogEntry; readonly connection: Connection },
): Promise<Response> {
  const state = dispatcher.state();
  const query = new URL(request.url).searchParams;
  const { latencyMs } = state.settings;
  if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
  try {
    const match = findRoute(api, request.method, entry.path);
    if (match === undefined) return notOnThisServer(entry.path);
    entry.write = match.route.write;
    const body = await readBody(request);
    if (body !== undefined && api.public !== true) entry.body = body;
    const authorization = request.headers.get('authorization');
    labelAuthorization(entry, authenticate(state, api, authorization));
    requireEnabled(state, api, entry.path, request.headers.get('x-goog-user-project'));
    checkQuery(match, query);
    const call = callOf(request, entry.path, query, body, match);
    return await dispatcher.faults.around(
      { entry, state, connection, token: bearerToken(authorization) },
      async (view) => carryOut(dispatcher, entry, async () => match.route.handler(call, view)),
    );
  } catch (error) {
    if (error instanceof GoogleError) return errorAnswer(error);
    throw error;
  }
}

async function carryOut(
  { interceptors, state }: Dispatcher,
  entry: RequestLogEntry,
  handle: () => Promise<Json>,
): Promise<Response> {
  try {
    for (const interceptor of interceptors) {
      const instead = await interceptor.before?.(entry);
      if (instead) return instead;
    }
    state().settle();
    entry.carriedOut = true;
    let response = jsonAnswer(200, await handle());
    for (const interceptor of interceptors) response = (await interceptor.after?.(entry, response)) ?? response;
    return response;
  } catch (error) {
    // Here, so that what happens on the wire happens to errors as well.
    if (error instanceof GoogleError) return errorAnswer(error);
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
    throw unknownParameter(name);
  }
}

/** A path no API has: Google's front end answers with a page of its own, not with an API error. */
function notOnThisServer(path: string): Response {
  const text = `That’s an error.\n<p>The requested URL <code>${path.replace(/[<&]/g, '')}</code> was not found on this server.`;
  return pageAnswer(404, 'Error 404 (Not Found)!!1', text);
}
