import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { adminApp, type AdminContext } from './admin.js';
import { agentregistry } from './apis/agentregistry.js';
import { aiplatform } from './apis/aiplatform.js';
import { cloudresourcemanager } from './apis/cloudresourcemanager.js';
import { iam } from './apis/iam.js';
import { iap } from './apis/iap.js';
import { iamcredentials, oidcToken, sts } from './apis/identity.js';
import { networksecurity } from './apis/networksecurity.js';
import { networkservices } from './apis/networkservices.js';
import { orgpolicy } from './apis/orgpolicy.js';
import { serviceusage } from './apis/serviceusage.js';
import { jsonAnswer } from './core/answers.js';
import { Connection, NOTHING_TO_SEND } from './core/connection.js';
import { dispatch, type Dispatcher } from './core/dispatch.js';
import { bearerToken } from './core/gate.js';
import type { Api } from './core/router.js';
import { labelAuthorization, newEntry } from './request-log.js';

export const APIS: readonly Api[] = [
  aiplatform,
  agentregistry,
  iap,
  networkservices,
  networksecurity,
  cloudresourcemanager,
  serviceusage,
  orgpolicy,
  sts,
  iamcredentials,
  iam,
];

/** Every API under its own prefix, the GitHub-like token URL, and the admin surface. */
export function createApp(context: AdminContext & Dispatcher): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  for (const api of APIS) app.all(`/${api.name}/*`, (c) => dispatch(context, api, c.req.raw, new Connection(c.env)));
  app.get('/oidc', (c) => oidc(context, c.req.raw, new Connection(c.env)));
  app.route('/_emulator', adminApp(context));
  return app;
}

/** GitHub's OIDC endpoint as a workflow sees it: wants the request token, answers `{value}`. */
async function oidc(context: Dispatcher, request: Request, connection: Connection): Promise<Response> {
  const state = context.state();
  const query = new URL(request.url).searchParams;
  const entry = newEntry(context.requests.length + 1, state.clock.iso(), 'oidc', request, '/', query);
  context.requests.push(entry);
  const token = bearerToken(request.headers.get('authorization'));
  const known = token === state.settings.auth.oidcRequestToken;
  labelAuthorization(entry, token === undefined ? 'none' : known ? 'oidc-request' : 'unknown');
  const answer = (): Response => {
    entry.carriedOut = true;
    return jsonAnswer(200, { value: oidcToken(state, query.get('audience') ?? 'https://github.com/acme'), count: 1 });
  };
  const response = known
    ? await context.faults.around({ entry, state, connection, token }, () => Promise.resolve(answer()))
    : jsonAnswer(401, { message: 'Unauthorized' });
  if (response !== NOTHING_TO_SEND) entry.status = response.status;
  return response;
}
