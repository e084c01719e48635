import { generateKeyPairSync } from 'node:crypto';
import diagnosticsChannel from 'node:diagnostics_channel';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createCredentials, type Credentials, type CredentialsOptions } from '../../../src/google/auth.js';
import { AuthError } from '../../../src/google/errors.js';
import { thrownBy } from './fakes.js';

/** A token endpoint on loopback: GitHub's OIDC provider, STS, IAM Credentials and a metadata server in one. */
interface TokenServer {
  readonly root: string;
  readonly server: Server;
  readonly seen: { path: string; authorization: string | undefined; body: string }[];
  /** Answers instead of the usual ones, by the start of the path. */
  readonly faults: Map<string, { status: number; body: string }>;
}

const URL_OF_API = 'https://iap.googleapis.com/v1/x';
const saved = { ...process.env };
let tokens: TokenServer;
let directory: string;
let masked: string[];

async function readAll(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

async function startTokenServer(): Promise<TokenServer> {
  const seen: TokenServer['seen'] = [];
  const faults: TokenServer['faults'] = new Map();
  const server = createServer((request, response) => {
    void readAll(request).then((body) => {
      const path = request.url ?? '';
      seen.push({ path, authorization: request.headers.authorization, body });
      const fault = [...faults].find(([start]) => path.startsWith(start))?.[1];
      const n = seen.length;
      const usual = path.startsWith('/oidc')
        ? { value: `oidc-${n}` }
        : path.startsWith('/v1/token')
          ? { access_token: `federated-${n}`, expires_in: 600, token_type: 'Bearer', issued_token_type: 'x' }
          : path.startsWith('/computeMetadata/v1/instance/service-accounts/default/token')
            ? { access_token: `metadata-${n}`, expires_in: 600, token_type: 'Bearer' }
            : path.startsWith('/computeMetadata/v1/project/project-id')
              ? 'metadata-project'
              : { accessToken: `impersonated-${n}`, expireTime: new Date(Date.now() + 3_600_000).toISOString() };
      // Never an answer.
      if (fault?.status === 0) return;
      response.writeHead(fault?.status ?? 200, { 'content-type': 'application/json', 'metadata-flavor': 'Google' });
      response.end(fault?.body ?? (typeof usual === 'string' ? usual : JSON.stringify(usual)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { root: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, seen, faults };
}

async function credentialsFile(content: unknown): Promise<string> {
  const path = join(directory, 'gha-creds-0123456789abcdef.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  process.env.GOOGLE_APPLICATION_CREDENTIALS = path;
  return path;
}

/** The file as google-github-actions/auth writes it. */
const externalAccount = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'external_account',
  audience: '//iam.googleapis.com/projects/101010/locations/global/workloadIdentityPools/github/providers/github',
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: `${tokens.root}/v1/token`,
  credential_source: {
    url: `${tokens.root}/oidc?audience=secret-audience`,
    headers: { Authorization: 'Bearer request-token' },
    format: { type: 'json', subject_token_field_name: 'value' },
  },
  ...extra,
});

const impersonation = (): Record<string, unknown> => ({
  service_account_impersonation_url: `${tokens.root}/v1/projects/-/serviceAccounts/deploy@acme-agents.iam.gserviceaccount.com:generateAccessToken`,
});

const credentials = (options: Partial<CredentialsOptions> = {}): Credentials =>
  createCredentials({ universe: 'googleapis.com', onToken: (token) => masked.push(token), ...options });

beforeEach(async () => {
  masked = [];
  directory = await mkdtemp(join(tmpdir(), 'auth-'));
  tokens = await startTokenServer();
  for (const name of Object.keys(process.env)) {
    if (/GOOGLE|GCLOUD|CLOUDSDK|GCP|GCE|METADATA|RUNNER|proxy/i.test(name)) Reflect.deleteProperty(process.env, name);
  }
  process.env.HOME = directory;
  process.env.METADATA_SERVER_DETECTION = 'none';
});

afterEach(async () => {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, saved);
  tokens.server.closeAllConnections();
  await new Promise((resolve) => tokens.server.close(resolve));
  await rm(directory, { recursive: true });
});

describe('workload identity federation', () => {
  it('with a URL: OIDC token, then STS', async () => {
    await credentialsFile(externalAccount());
    const headers = await credentials().headers(URL_OF_API);
    expect(headers).toEqual({ authorization: 'Bearer federated-2' });
    expect(masked).toEqual(['federated-2']);
    expect(tokens.seen.map(({ path }) => path)).toEqual(['/oidc?audience=secret-audience', '/v1/token']);
    expect(tokens.seen[0]?.authorization).toBe('Bearer request-token');
    const exchange = new URLSearchParams(tokens.seen[1]?.body);
    expect(exchange.get('subject_token')).toBe('oidc-1');
    expect(exchange.get('scope')).toBe('https://www.googleapis.com/auth/cloud-platform');
  });

  it('with a file as source', async () => {
    const path = join(directory, 'oidc.txt');
    await writeFile(path, 'oidc-from-a-file');
    await credentialsFile(externalAccount({ credential_source: { file: path } }));
    expect(await credentials().headers(URL_OF_API)).toEqual({ authorization: 'Bearer federated-1' });
    expect(new URLSearchParams(tokens.seen[0]?.body).get('subject_token')).toBe('oidc-from-a-file');
  });

  it('with a service account', async () => {
    await credentialsFile(externalAccount(impersonation()));
    expect(await credentials().headers(URL_OF_API)).toEqual({ authorization: 'Bearer impersonated-3' });
    expect(tokens.seen[2]).toMatchObject({ authorization: 'Bearer federated-2' });
    expect(masked).toEqual(['impersonated-3']);
  });

  it('keeps the token until it is invalidated, and asks for no project', async () => {
    await credentialsFile(externalAccount());
    const found = credentials();
    await Promise.all([found.headers(URL_OF_API), found.headers(URL_OF_API)]);
    await found.headers(URL_OF_API);
    expect(tokens.seen).toHaveLength(2);
    found.invalidate();
    expect(await found.headers(URL_OF_API)).toEqual({ authorization: 'Bearer federated-4' });
    expect(masked).toEqual(['federated-2', 'federated-4']);
  });

  it('fetches a new token by itself when the old one runs out', async () => {
    tokens.faults.set('/v1/token', {
      status: 200,
      body: '{"access_token":"short","expires_in":1,"token_type":"Bearer"}',
    });
    await credentialsFile(externalAccount());
    const found = credentials();
    expect(await found.headers(URL_OF_API)).toEqual({ authorization: 'Bearer short' });
    tokens.faults.clear();
    expect(await found.headers(URL_OF_API)).toEqual({ authorization: 'Bearer federated-4' });
  });
});

describe('quota project', () => {
  it.each([
    ['the file', { quota_project_id: 'from-file' }, undefined, undefined, 'from-file'],
    ['the variable', { quota_project_id: 'from-file' }, 'from-variable', undefined, 'from-variable'],
    ['the option', { quota_project_id: 'from-file' }, 'from-variable', 'from-option', 'from-option'],
  ])('comes from %s', async (_what, file, variable, quotaProject, expected) => {
    await credentialsFile(externalAccount(file));
    if (variable) process.env.GOOGLE_CLOUD_QUOTA_PROJECT = variable;
    expect(await credentials({ quotaProject }).headers(URL_OF_API)).toMatchObject({ 'x-goog-user-project': expected });
  });
});

describe('other credentials', () => {
  it('an access token is sent as it is, whatever else is there', async () => {
    process.env.GOOGLE_APPLICATION_CREDENTIALS = join(directory, 'not-there.json');
    process.env.GOOGLE_CLOUD_QUOTA_PROJECT = 'quota';
    const found = credentials({ accessToken: 'ya29.fixed' });
    found.invalidate();
    expect(await found.headers(URL_OF_API)).toEqual({
      authorization: 'Bearer ya29.fixed',
      'x-goog-user-project': 'quota',
    });
    expect(masked).toEqual(['ya29.fixed']);
    expect(tokens.seen).toHaveLength(0);
  });

  it('an access token that no header may hold is refused, and not quoted', async () => {
    const error = await thrownBy(() => credentials({ accessToken: 'ya29.half\nother-half' }).headers(URL_OF_API));
    expect(error).toMatchObject({ name: 'AuthError', problem: 'rejected', transient: false });
    expect(String(error)).not.toContain('half');
  });

  it('a service account key of another universe signs its own tokens', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    await credentialsFile({
      type: 'service_account',
      project_id: 'acme-agents',
      private_key_id: 'k',
      private_key: privateKey,
      client_email: 'deploy@acme-agents.s3nsapis.fr',
      universe_domain: 's3nsapis.fr',
    });
    const { authorization } = await credentials({ universe: 's3nsapis.fr' }).headers(URL_OF_API);
    const claims = JSON.parse(Buffer.from(authorization?.split('.')[1] ?? '', 'base64url').toString()) as unknown;
    expect(claims).toMatchObject({
      iss: 'deploy@acme-agents.s3nsapis.fr',
      scope: 'https://www.googleapis.com/auth/cloud-platform',
    });
    expect(await thrownBy(() => credentials().headers(URL_OF_API))).toMatchObject({
      name: 'AuthError',
      problem: 'universe',
    });
  });

  it('a metadata server', async () => {
    process.env.METADATA_SERVER_DETECTION = 'assume-present';
    process.env.GCE_METADATA_HOST = tokens.root.replace('http://', '');
    const found = credentials();
    expect((await found.headers(URL_OF_API)).authorization).toMatch(/^Bearer metadata-\d+$/);
    expect(await found.projectId()).toBe('metadata-project');
  });

  it("the file of gcloud's login, wherever gcloud keeps it", async () => {
    process.env.CLOUDSDK_CONFIG = directory;
    await writeFile(join(directory, 'application_default_credentials.json'), JSON.stringify(externalAccount()));
    expect(await credentials().headers(URL_OF_API)).toEqual({ authorization: 'Bearer federated-2' });
  });
});

describe('what goes wrong', () => {
  const failure = async (options: Partial<CredentialsOptions> = {}): Promise<AuthError> => {
    const error = await thrownBy(() => credentials(options).headers(URL_OF_API));
    if (!(error instanceof AuthError)) throw error;
    expect(error.cause).toBeUndefined();
    expect(error.message).not.toMatch(/oidc-|federated-|request-token|secret-audience/);
    return error;
  };

  it('no credentials at all names the missing step', async () => {
    const error = await failure();
    expect(error.problem).toBe('missing');
    expect(error.message).toContain('google-github-actions/auth');
    expect(error.message).toContain('id-token: write');
    expect(error.message).toContain('access_token');
  });

  it('on a runner of GitHub no metadata server is looked for', async () => {
    delete process.env.METADATA_SERVER_DETECTION;
    process.env.RUNNER_ENVIRONMENT = 'github-hosted';
    let connections = 0;
    const count = (): void => void (connections += 1);
    diagnosticsChannel.subscribe('net.client.socket', count);
    expect((await failure()).problem).toBe('missing');
    expect(await credentials().projectId()).toBeUndefined();
    diagnosticsChannel.unsubscribe('net.client.socket', count);
    expect(connections).toBe(0);
  });

  it('elsewhere a metadata server is looked for, and not waited for without end', async () => {
    delete process.env.METADATA_SERVER_DETECTION;
    // Nothing listens there; on Google Cloud itself the real server would answer.
    process.env.GCE_METADATA_HOST = '127.0.0.1:1';
    expect((await failure()).problem).toBe('missing');
  });

  it('a file that is gone', async () => {
    process.env.GOOGLE_APPLICATION_CREDENTIALS = join(directory, 'gha-creds-gone.json');
    const error = await failure();
    expect(error.problem).toBe('gone');
    expect(error.message).toContain('actions/checkout');
    expect(await thrownBy(() => credentials().projectId())).toMatchObject({ problem: 'gone' });
  });

  it('a file that is gone in the middle of the run, once a new token is needed', async () => {
    const path = await credentialsFile(externalAccount());
    const found = credentials();
    await found.headers(URL_OF_API);
    await rm(path);
    expect(await found.headers(URL_OF_API)).toEqual({ authorization: 'Bearer federated-2' });
    found.invalidate();
    expect(await thrownBy(() => found.headers(URL_OF_API))).toMatchObject({ problem: 'gone' });
  });

  it.each([
    ['no JSON', '{"private_key": "-----BEGIN', /no valid JSON/],
    ['no object', '7', /no JSON object/],
    ['no known kind', '{"type":"service_account"}', /can't be used/],
  ])('a file with %s', async (_what, content, message) => {
    await credentialsFile(content);
    const error = await failure();
    expect(error.problem).toBe('unreadable');
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('BEGIN');
  });

  it('STS refuses', async () => {
    tokens.faults.set('/v1/token', {
      status: 400,
      body: '{"error":"invalid_grant","error_description":"The audience in ID Token does not match."}',
    });
    await credentialsFile(externalAccount());
    const error = await failure();
    expect(error).toMatchObject({ problem: 'rejected', status: 400, transient: false });
    expect(error.message).toContain(`${tokens.root}/v1/token answered 400: invalid_grant: The audience in ID Token`);
  });

  it('impersonation is denied', async () => {
    const message = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource.";
    tokens.faults.set('/v1/projects', {
      status: 403,
      body: JSON.stringify({ error: { code: 403, message, status: 'PERMISSION_DENIED' } }),
    });
    await credentialsFile(externalAccount(impersonation()));
    const error = await failure();
    expect(error).toMatchObject({ problem: 'rejected', status: 403 });
    expect(error.message).toContain(`:generateAccessToken answered 403 PERMISSION_DENIED: ${message}`);
  });

  it('the OIDC provider refuses with a page', async () => {
    tokens.faults.set('/oidc', { status: 401, body: '<html><title>Unauthorized</title></html>' });
    await credentialsFile(externalAccount());
    const error = await failure();
    expect(error).toMatchObject({ problem: 'rejected', status: 401 });
    expect(error.message).toContain(`${tokens.root}/oidc answered 401`);
  });

  it('STS answers without a token', async () => {
    tokens.faults.set('/v1/token', { status: 200, body: '{}' });
    await credentialsFile(externalAccount());
    expect(await failure()).toMatchObject({ problem: 'malformed', transient: true });
  });

  it.each([
    ['STS', '/v1/token', '{"access_token":"ya29.the-secret","expires_in":6'],
    ['STS', '/v1/token', '<html>ya29.the-secret</html>'],
    ['STS', '/v1/token', 'null'],
    ['impersonation', '/v1/projects', '{"accessToken":"ya29.the-secret","exp'],
    ['impersonation', '/v1/projects', 'null'],
    ['GitHub', '/oidc', 'null'],
  ])(
    '%s answers %s with what is no JSON object: never quoted, and asked anew the next time',
    async (_who, path, body) => {
      await credentialsFile(externalAccount({ service_account_impersonation_url: `${tokens.root}/v1/projects/-/sa` }));
      const found = credentials();
      tokens.faults.set(path, { status: 200, body });
      const error = await thrownBy(() => found.headers(URL_OF_API));
      expect(error).toMatchObject({ problem: 'malformed', transient: true });
      expect(String(error)).not.toContain('ya29');
      tokens.faults.clear();
      expect((await found.headers(URL_OF_API)).authorization).toMatch(/^Bearer impersonated-/);
    },
  );

  it('a token endpoint that hangs is given up, and asked anew the next time', async () => {
    await credentialsFile(externalAccount());
    const found = credentials({ tokenTimeoutMs: 1000 });
    tokens.faults.set('/v1/token', { status: 0, body: '' });
    expect(await thrownBy(() => found.headers(URL_OF_API))).toMatchObject({ problem: 'unreachable', transient: true });
    tokens.faults.clear();
    expect((await found.headers(URL_OF_API)).authorization).toMatch(/^Bearer federated-/);
  });

  it('nothing listens', async () => {
    await credentialsFile(externalAccount({ token_url: 'http://127.0.0.1:1/v1/token' }));
    const error = await failure();
    expect(error).toMatchObject({ problem: 'unreachable', transient: true });
    expect(error.message).toContain('http://127.0.0.1:1/v1/token');
  });

  it('a failure is not kept', async () => {
    tokens.faults.set('/v1/token', { status: 400, body: '{"error":"invalid_grant"}' });
    await credentialsFile(externalAccount());
    const found = credentials();
    await thrownBy(() => found.headers(URL_OF_API));
    tokens.faults.clear();
    expect((await found.headers(URL_OF_API)).authorization).toMatch(/^Bearer federated-/);
  });
});

describe('projectId', () => {
  it('comes from the option, the variables in order, then the file', async () => {
    await credentialsFile(externalAccount({ project_id: 'from-file', quota_project_id: 'quota' }));
    expect(await credentials().projectId()).toBe('from-file');
    process.env.CLOUDSDK_CORE_PROJECT = 'from-core';
    expect(await credentials().projectId()).toBe('from-core');
    process.env.GCLOUD_PROJECT = 'from-gcloud';
    process.env.GOOGLE_CLOUD_PROJECT = '';
    expect(await credentials().projectId()).toBe('from-gcloud');
    process.env.GOOGLE_CLOUD_PROJECT = 'from-cloud';
    expect(await credentials().projectId()).toBe('from-cloud');
    expect(await credentials({ projectId: 'from-option' }).projectId()).toBe('from-option');
    expect(tokens.seen).toHaveLength(0);
  });

  it('falls back to the quota project, else is not known', async () => {
    await credentialsFile(externalAccount({ quota_project_id: 'quota' }));
    expect(await credentials().projectId()).toBe('quota');
    await credentialsFile(externalAccount());
    expect(await credentials().projectId()).toBeUndefined();
    expect(await credentials({ accessToken: 'x' }).projectId()).toBeUndefined();
  });
});
