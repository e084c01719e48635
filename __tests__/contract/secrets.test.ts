import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { oidcEnvironment, writeCredentials } from '../../emulator/credentials.js';
import { newFolder, type Job, type StepResult } from './support/runner.js';
import { annotations, CONFIG, useStages, world, type Stage } from './support/stage.js';

/* What is secret gets into no log, summary, output or plan file, whatever goes wrong and however much is logged. */

const set = useStages();
const SECRET = /hunter2|BEGIN [A-Z ]*PRIVATE KEY|ya29\.(?:sts|impersonated)|emulator-request-token/;
const DEBUG = { RUNNER_DEBUG: '1' };

let stage: Stage;
let proxy: Server;
let proxyUrl: string;
beforeAll(async () => {
  stage = await set({ world: world(), config: CONFIG });
  // A proxy that refuses everybody, with a page that repeats what it was sent.
  proxy = createServer((_request, response) => response.writeHead(407).end());
  proxy.on('connect', (request, socket) => {
    const sent = Buffer.from(String(request.headers['proxy-authorization']).slice(6), 'base64').toString();
    socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\nx-sent: ${sent}\r\n\r\n<html>${sent}</html>`);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxyUrl = `http://user:hunter2@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => proxy.close(resolve)));

/** Everything that a step leaves behind, without the commands that tell the runner what to mask. */
function tracesOf(result: StepResult): string {
  const folder = path.join(result.temp, 'bind-agent-gateway');
  const files = readdirSync(result.temp).includes('bind-agent-gateway') ? readdirSync(folder) : [];
  const plans = files.map((name) => readFileSync(path.join(folder, name), 'utf8'));
  return [result.log.replace(/^::add-mask::.*$/gm, ''), result.summary, JSON.stringify(result.outputs), ...plans].join(
    '\n',
  );
}

function expectFailure(result: StepResult, reason: string): string {
  expect(tracesOf(result)).not.toMatch(SECRET);
  expect(result.log).not.toMatch(/^\s+at .+:\d+:\d+/m);
  expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: reason } });
  return annotations(result.log, 'error').at(-1) ?? '';
}

describe('tokens that are inputs', () => {
  it('are nowhere when all goes well and everything is logged', async () => {
    const own = await set({ world: world(), config: CONFIG });
    const inputs = { access_token: 'ya29.hunter2', github_token: 'ghs_hunter2' };
    const result = await own.run('apply', inputs, { env: DEBUG });
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'true' } });
    expect(tracesOf(result)).not.toMatch(SECRET);
    expect(result.log.match(/^::add-mask::.*$/gm)).toEqual(
      expect.arrayContaining(['::add-mask::ya29.hunter2', '::add-mask::ghs_hunter2']),
    );
  });

  it.each(['hunter2\nhunter2', 'hunter2\u2026'])('are nowhere when they are none: %j', async (token) => {
    const result = await stage.run('plan', { access_token: token, github_token: token }, { env: DEBUG });
    expect(expectFailure(result, 'invalid-input').match(/The token holds/g)).toHaveLength(2);
  });

  it('are nowhere when other inputs name their files, or a link of the repository does', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = path.join(newFolder('key'), 'key.json');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(key, JSON.stringify({ type: 'service_account', private_key: `${pem}hunter2`, token: 'hunter2' }));
    const result = await stage.run('apply', { config: key, plan_file: key }, { env: DEBUG });
    expect(expectFailure(result, 'invalid-input')).toContain('is not a plan file');
  });
});

describe('addresses with a password', () => {
  const target = { CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM: 'https://aiplatform.example.test/' };
  /** Some attempts are enough to see what is said; waiting for all eight would take minutes. */
  const job = (env: Job['env']): Job => ({ env: { ...DEBUG, ...target, ...env } });

  it.each([
    ['that refuses', () => proxyUrl],
    ['that is not there', () => 'http://user:hunter2@127.0.0.1:1'],
    ['that is no URL', () => 'http://user:hunter2@[::bad'],
  ])('are nowhere: a proxy %s', async (_what, url) => {
    const result = await stage.run('apply', { timeout: '0.02' }, job({ https_proxy: url(), HTTPS_PROXY: url() }));
    expect(tracesOf(result)).not.toMatch(SECRET);
    expect(result.exitCode).toBe(1);
    expect(result.log).not.toMatch(/^\s+at .+:\d+:\d+/m);
  });

  it.each([
    'https://user:hunter2@iap.example.test/',
    'https://iap.example.test/#hunter2',
    'hunter2',
    'http://hunter2@127.0.0.1/',
  ])('are refused, and not repeated: %s', async (url) => {
    const result = await stage.run('plan', {}, { env: { ...DEBUG, CLOUDSDK_API_ENDPOINT_OVERRIDES_IAP: url } });
    expect(expectFailure(result, 'invalid-input')).toContain('CLOUDSDK_API_ENDPOINT_OVERRIDES_IAP');
  });
});

describe('credentials that google-github-actions/auth left behind', () => {
  async function runWith(change: (file: Record<string, unknown>) => void, own = stage): Promise<StepResult> {
    const { url } = own.emulator;
    const file = await writeCredentials({ url, directory: newFolder('credentials') });
    const content = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    change(content);
    writeFileSync(file, JSON.stringify(content));
    const env = { ...DEBUG, GOOGLE_APPLICATION_CREDENTIALS: file, ...oidcEnvironment(url) };
    return own.run('apply', { access_token: '' }, { env });
  }

  it('are nowhere when all goes well and everything is logged', async () => {
    const own = await set({ world: world(), config: CONFIG });
    const result = await runWith((file) => Object.assign(file, { comment: 'hunter2' }), own);
    expect(result).toMatchObject({ exitCode: 0, outputs: { changes: 'true' } });
    expect(tracesOf(result)).not.toMatch(SECRET);
  });

  it('are nowhere when they are a key that is none', async () => {
    const result = await runWith((file) => {
      for (const name of Object.keys(file)) Reflect.deleteProperty(file, name);
      Object.assign(file, {
        type: 'service_account',
        client_email: 'a@b.c',
        private_key: '-----BEGIN PRIVATE KEY-----\nhunter2',
      });
    });
    expectFailure(result, 'auth-failed');
  });

  it('go to no other host when the token endpoint redirects', async () => {
    const elsewhere = await set({ world: world() });
    const own = await set({ world: world(), config: CONFIG });
    own.emulator.interceptors.push({
      before: ({ api }) =>
        api === 'sts'
          ? new Response(null, { status: 307, headers: { location: `${elsewhere.emulator.url}/sts/v1/token` } })
          : undefined,
    });
    const result = await runWith(() => undefined, own);
    expect(expectFailure(result, 'auth-failed')).toContain('/sts/v1/token answered 307');
    expect(elsewhere.emulator.requests).toEqual([]);
    expect(own.writes()).toEqual([]);
  });

  it.each([302, 307])('nor when an API redirects with %d', async (status) => {
    const elsewhere = await set({ world: world() });
    const own = await set({ world: world(), config: CONFIG });
    own.emulator.interceptors.push({
      before: ({ api, path: at }) =>
        api === 'iap'
          ? new Response(null, { status, headers: { location: `${elsewhere.emulator.url}/iap${at}` } })
          : undefined,
    });
    const result = await own.run('plan', {}, { env: DEBUG });
    expect(expectFailure(result, 'api-error')).toMatch(new RegExp(`POST \\S+:getIamPolicy answered ${status}`));
    expect(elsewhere.emulator.requests).toEqual([]);
  });
});
