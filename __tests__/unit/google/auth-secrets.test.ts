import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCredentials } from '../../../src/google/auth.js';
import { AuthError } from '../../../src/google/errors.js';
import { thrownBy } from './fakes.js';

/** A JWT, as GitHub's OIDC provider gives it: it is worth a Google token. */
const OIDC = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOmFjbWUvYWdlbnRzIn0.hunter2-signature';
const REQUEST_TOKEN = 'hunter2-request-token';

interface Endpoint {
  readonly root: string;
  readonly server: Server;
  /** Path, `Authorization` and body of each request. */
  readonly seen: string[];
}

type Answer = (path: string, body: string) => { status: number; body?: string; location?: string };

async function listen(answer: Answer): Promise<Endpoint> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const path = request.url ?? '';
      seen.push(`${path} ${request.headers.authorization ?? ''} ${body}`);
      const { status, location, body: text = '{}' } = answer(path, decodeURIComponent(body));
      response.writeHead(status, { 'content-type': 'application/json', ...(location ? { location } : {}) }).end(text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { root, server, seen };
}

const saved = { ...process.env };
let directory: string;
let endpoints: Endpoint[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'auth-'));
  endpoints = [];
  for (const name of Object.keys(process.env)) {
    if (/GOOGLE|GCLOUD|CLOUDSDK|GCP|GCE|METADATA|RUNNER|proxy/i.test(name)) Reflect.deleteProperty(process.env, name);
  }
  process.env.METADATA_SERVER_DETECTION = 'none';
});

afterEach(async () => {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, saved);
  for (const { server } of endpoints) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await rm(directory, { recursive: true });
});

async function start(answer: Answer): Promise<Endpoint> {
  const endpoint = await listen(answer);
  endpoints.push(endpoint);
  return endpoint;
}

async function useFile(content: unknown): Promise<void> {
  process.env.GOOGLE_APPLICATION_CREDENTIALS = join(directory, 'gha-creds-0123456789abcdef.json');
  await writeFile(process.env.GOOGLE_APPLICATION_CREDENTIALS, JSON.stringify(content));
}

/** What google-github-actions/auth writes, with a service account. */
const external = (root: string, more: object = {}): Record<string, unknown> => ({
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/101010/locations/global/workloadIdentityPools/github/providers/github',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: `${root}/token`,
  service_account_impersonation_url: `${root}/impersonate`,
  credential_source: {
    url: `${root}/oidc`,
    headers: { Authorization: `Bearer ${REQUEST_TOKEN}` },
    format: { type: 'json', subject_token_field_name: 'value' },
  },
  ...more,
});

async function failure(): Promise<AuthError> {
  const found = createCredentials({ universe: 'googleapis.com', onToken: () => undefined });
  const error = await thrownBy(() => found.headers('https://iap.googleapis.com/v1/x'));
  if (!(error instanceof AuthError)) throw error;
  expect(error.cause).toBeUndefined();
  expect(JSON.stringify([String(error), error.stack, Object.entries(error)])).not.toMatch(/hunter2|eyJ|ya29/);
  return error;
}

const usual: Answer = (path) => {
  if (path === '/oidc') return { status: 200, body: JSON.stringify({ value: OIDC }) };
  if (path === '/token') return { status: 200, body: '{"access_token":"ya29.federated-hunter2","expires_in":600}' };
  return { status: 200, body: '{"accessToken":"ya29.impersonated-hunter2","expireTime":"2099-01-01T00:00:00Z"}' };
};

describe('a redirect of a token endpoint', () => {
  it.each(
    [301, 302, 303, 307, 308].flatMap((status) =>
      ['/oidc', '/token', '/impersonate'].map((path) => [status, path] as const),
    ),
  )('%d of %s is not followed: tokens stay with the host they were meant for', async (status, moved) => {
    const elsewhere = await start(usual);
    const home = await start((path, body) =>
      path === moved ? { status, location: `${elsewhere.root}${path}` } : usual(path, body),
    );
    await useFile(external(home.root));
    expect(await failure()).toMatchObject({ problem: 'rejected', status });
    expect(home.seen.length).toBeGreaterThan(0);
    expect(elsewhere.seen).toEqual([]);
  });
});

describe('an endpoint that repeats what it was sent', () => {
  it.each([
    [
      '/token',
      400,
      (said: string) => JSON.stringify({ error: 'invalid_grant', error_description: `bad token ${said}` }),
    ],
    ['/token', 500, (said: string) => `<html><title>${said}</title></html>`],
    ['/token', 400, (said: string) => said],
    [
      '/impersonate',
      403,
      () => JSON.stringify({ error: { code: 403, status: 'PERMISSION_DENIED', message: 'ya29.federated-hunter2' } }),
    ],
  ])('%s with %d is not quoted in full', async (where, status, bodyOf) => {
    const home = await start((path, body) => (path === where ? { status, body: bodyOf(body) } : usual(path, body)));
    await useFile(external(home.root));
    expect(await failure()).toMatchObject({ problem: 'rejected', status });
  });
});

describe('a credentials file that is wrong', () => {
  const key = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n';
  const account = { type: 'service_account', client_email: 'a@b.iam.gserviceaccount.com', private_key: key };
  const user = { type: 'authorized_user', client_id: 'x', client_secret: 'hunter2', refresh_token: '1//hunter2' };
  const nowhere = 'http://127.0.0.1:1';

  it.each<[what: string, content: unknown]>([
    ['a key that is none', account],
    ['a key without an account', { ...account, client_email: undefined }],
    ['a key that is a list', { ...account, private_key: [key] }],
    ['a password in the token URL', external(nowhere, { token_url: 'http://u:hunter2@127.0.0.1:1/token?hunter2' })],
    ['a token URL that is none', external(nowhere, { token_url: 'hunter2 is no URL' })],
    ['a source that is none', external(nowhere, { credential_source: { hunter2: 'hunter2' } })],
    ['a source that is a file', external(nowhere, { credential_source: { file: '/nowhere/token' } })],
    [
      'a header that is none',
      external(nowhere, {
        credential_source: { url: `${nowhere}/oidc`, headers: { Authorization: 'hunter2\nhunter2' } },
      }),
    ],
    ['an unknown type', { type: 'hunter2', private_key: key }],
    ['types of another kind', { type: ['hunter2'], private_key: { hunter2: 1 } }],
    ['keys of the language', JSON.parse('{"__proto__":{"type":"hunter2"},"type":"external_account"}')],
    ['a user without a secret', { ...user, client_secret: undefined }],
  ])('is told without what is in it: %s', async (_what, content) => {
    await useFile(content);
    expect((await failure()).message.length).toBeLessThan(1_000);
  });
});
