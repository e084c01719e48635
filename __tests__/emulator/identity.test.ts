import { describe, expect, it } from '@jest/globals';
import { GoogleAuth } from 'google-auth-library';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  oidcEnvironment,
  REQUEST_TOKEN,
  writeCredentials,
  type CredentialsOptions,
} from '../../emulator/credentials.js';
import type { Emulator } from '../../emulator/index.js';
import { baseWorld, ENGINES, withEmulator } from './helpers.js';

const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/** A token as Application Default Credentials would get it from the written file. */
async function tokenFrom(emulator: Emulator, options: Partial<CredentialsOptions>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'emulator-'));
  try {
    process.env.GOOGLE_APPLICATION_CREDENTIALS = await writeCredentials({ url: emulator.url, directory, ...options });
    const token = await new GoogleAuth({ scopes: [SCOPE] }).getAccessToken();
    return token ?? '';
  } finally {
    delete process.env.GOOGLE_APPLICATION_CREDENTIALS;
    await rm(directory, { recursive: true });
  }
}

describe('workload identity federation', () => {
  it.each([
    ['url', undefined, 'sts'],
    ['file', undefined, 'sts'],
    ['url', 'deployer@acme-agents.iam.gserviceaccount.com', 'impersonated'],
  ] as const)('with a %s source and service account %s', async (source, serviceAccount, label) => {
    await withEmulator(baseWorld({ settings: { auth: { tokens: ['nobody'] } } }), async (emulator, call) => {
      const token = await tokenFrom(emulator, { source, ...(serviceAccount === undefined ? {} : { serviceAccount }) });
      expect((await call('GET', ENGINES, undefined, { authorization: `Bearer ${token}` })).status).toBe(200);
      expect(emulator.requests.at(-1)?.headers.authorization).toBe(label);
      expect(JSON.stringify(emulator.requests)).not.toContain(token);
      expect(emulator.requests.some((entry) => entry.write)).toBe(false);
      emulator.world.advance(3_600_000);
      const late = await call('GET', ENGINES, undefined, { authorization: `Bearer ${token}` });
      expect(late).toMatchObject({ status: 401, body: { error: { details: [{ reason: 'ACCESS_TOKEN_EXPIRED' }] } } });
    });
  });

  it('gives the outside token only for the request token', async () => {
    await withEmulator(baseWorld(), async (emulator) => {
      const { ACTIONS_ID_TOKEN_REQUEST_URL: url = '' } = oidcEnvironment(emulator.url);
      const get = async (authorization: string): Promise<Response> =>
        fetch(`${url}&audience=abc`, { headers: { authorization } });
      expect((await get('bearer wrong')).status).toBe(401);
      const { value } = (await (await get(`bearer ${REQUEST_TOKEN}`)).json()) as { value: string };
      const claims = JSON.parse(Buffer.from(value.split('.')[1] ?? '', 'base64url').toString()) as Record<
        string,
        unknown
      >;
      expect(claims).toMatchObject({ aud: 'abc', iss: 'https://token.actions.githubusercontent.com' });
    });
  });

  it('refuses an exchange without a subject or for no provider, in the words of OAuth', async () => {
    await withEmulator(baseWorld(), async (emulator) => {
      const exchange = async (fields: Record<string, string>): Promise<Response> =>
        fetch(`${emulator.url}/sts/v1/token`, { method: 'POST', body: new URLSearchParams(fields) });
      const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: 'x' };
      const bad = await exchange({ ...grant, audience: 'nobody' });
      expect(bad.status).toBe(400);
      expect(await bad.json()).toMatchObject({ error: 'invalid_request' });
      expect((await exchange({})).status).toBe(400);
    });
  });

  it('writes the file as google-github-actions/auth leaves it', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'emulator-'));
    const file = await writeCredentials({ url: 'http://127.0.0.1:1', directory });
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      type: 'external_account',
      token_url: 'http://127.0.0.1:1/sts/v1/token',
      credential_source: { format: { type: 'json', subject_token_field_name: 'value' } },
    });
    await rm(directory, { recursive: true });
  });
});
