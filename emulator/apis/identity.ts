import { GoogleError, invalid } from '../core/errors.js';
import { timestamp } from '../core/clock.js';
import { asJson, asString, asStrings, type Json } from '../core/json.js';
import { post, type Api, type Call } from '../core/router.js';
import type { State } from '../state/state.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const PROVIDER =
  /^\/\/iam\.googleapis\.com\/projects\/[^/]+\/locations\/global\/workloadIdentityPools\/[^/]+\/providers\/[^/]+$/;

/** An error of the token endpoint: OAuth's own form, not Google's envelope (RFC 6749, section 5.2). */
class OAuthError extends GoogleError {
  private readonly code: string;

  constructor(code: string, description: string) {
    super('INVALID_ARGUMENT', description);
    this.code = code;
  }

  override envelope(): { error: never } {
    return { error: this.code, error_description: this.message } as unknown as { error: never };
  }
}

/** Workload identity federation: a token of the outside identity provider for one of Google's (Security Token Service v1). */
export const sts: Api = {
  name: 'sts',
  service: 'sts.googleapis.com',
  versions: ['v1'],
  public: true,
  routes: [post('token', exchange, [], false)],
};

/** Service account impersonation (IAM Service Account Credentials v1). */
export const iamcredentials: Api = {
  name: 'iamcredentials',
  service: 'iamcredentials.googleapis.com',
  versions: ['v1'],
  routes: [post('projects/-/serviceAccounts/{email}:generateAccessToken', generateAccessToken, [], false)],
};

/** Form fields are snake case, JSON fields camel case: the endpoint takes both. */
function exchange(call: Call, state: State): Json {
  const body = asJson(call.body);
  const field = (snake: string, camel: string): string => asString(body[snake]) || asString(body[camel]);
  if (field('grant_type', 'grantType') !== EXCHANGE) {
    throw new OAuthError('unsupported_grant_type', 'Unsupported grant type.');
  }
  if (!PROVIDER.test(field('audience', 'audience'))) {
    throw new OAuthError('invalid_request', 'Invalid value for "audience".');
  }
  if (field('subject_token', 'subjectToken') === '') {
    throw new OAuthError('invalid_grant', 'The subject token is missing.');
  }
  const seconds = state.settings.auth.tokenLifetimeSeconds;
  return {
    access_token: issueToken(state, 'sts', seconds),
    issued_token_type: ACCESS_TOKEN,
    token_type: 'Bearer',
    expires_in: seconds,
  };
}

function generateAccessToken(call: Call, state: State): Json {
  const email = call.param('email');
  if (!email.endsWith('.gserviceaccount.com')) throw new GoogleError('NOT_FOUND', `Unknown service account ${email}.`);
  state.need('iam.serviceAccounts.getAccessToken', `projects/-/serviceAccounts/${email}`, 'iam.googleapis.com');
  const body = asJson(call.body);
  if (asStrings(body.scope).length === 0) throw invalid('Scope is required.', 'scope');
  const asked = Number(/^(\d+)s$/.exec(asString(body.lifetime))?.[1] ?? state.settings.auth.tokenLifetimeSeconds);
  const seconds = Math.min(asked, state.settings.auth.tokenLifetimeSeconds);
  const accessToken = issueToken(state, 'impersonated', seconds);
  return { accessToken, expireTime: timestamp(state.clock.now() + seconds * 1000).replace(/\.\d+Z$/, 'Z') };
}

function issueToken(state: State, label: string, seconds: number): string {
  const token = state.ids.token(label);
  state.tokens.set(token, { label, endMs: state.clock.now() + seconds * 1000 });
  return token;
}

/** A token as GitHub's OIDC endpoint would issue it for a workflow; its signature is nobody's. */
export function oidcToken(state: State, audience: string): string {
  const now = Math.floor(state.clock.now() / 1000);
  const part = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'https://token.actions.githubusercontent.com',
    sub: 'repo:acme/agents:ref:refs/heads/main',
    aud: audience,
    repository: 'acme/agents',
    iat: now,
    exp: now + 300,
  };
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.${Buffer.from('emulator').toString('base64url')}`;
}
