import { beforeAll, describe, expect, it } from '@jest/globals';
import type { EngineInput, ServiceInput } from '../../emulator/index.js';
import type { StepResult } from './support/runner.js';
import { CONFIG, useStages, world, type Stage } from './support/stage.js';

const set = useStages();
const ENGINES = 40;
const SERVICES = 60;
/** What one page holds, whatever is asked for. */
const PAGE = 7;

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const key = (n: number): string => `service-${String(n).padStart(2, '0')}`;
const url = (n: number): string => `https://host-${n}.example.com`;

describe(`${ENGINES} bound engines and ${SERVICES} endpoints, on many pages`, () => {
  const engines: EngineInput[] = numbers(ENGINES).map((n) => ({
    id: String(1000 + n),
    displayName: `Agent ${n}`,
    egress: 'egress',
  }));
  const everybody = engines.map(({ id }) => `engine:${id}`);
  // 1 to 10 are not registered yet, 11 to 20 are complete, 21 to 25 miss one agent, the others miss all.
  const services: ServiceInput[] = numbers(SERVICES)
    .slice(10)
    .map((n) => ({
      id: key(n),
      urls: [url(n)],
      ...(n <= 20 ? { policy: [{ members: everybody }] } : {}),
      ...(n > 20 && n <= 25 ? { policy: [{ members: everybody.slice(1) }] } : {}),
    }));
  const config = [
    'version: 1',
    'project: acme-agents',
    'region: us-central1',
    'endpoints:',
    ...numbers(SERVICES).map((n) => `  ${key(n)}: { urls: ['${url(n)}'] }`),
    'agents:',
    `  - { engine: all, allow: [${numbers(SERVICES).map(key).join(', ')}] }`,
  ].join('\n');

  let stage: Stage;
  let result: StepResult;
  beforeAll(async () => {
    stage = await set({
      world: world({ engines, services }),
      config,
      settings: { pageSize: { default: PAGE, max: PAGE } },
    });
    result = await stage.run('apply');
  });

  it('are seen completely', () => {
    expect(result).toMatchObject({
      exitCode: 0,
      outputs: { to_register: '10', to_grant: String(10 * ENGINES + 5 + 35 * ENGINES), to_bind: '0' },
    });
    expect(JSON.parse(result.outputs.engines ?? '')).toHaveLength(ENGINES);
  });

  it('take one setIamPolicy for each endpoint that misses a member, and none for the others', () => {
    const written = stage.requests('POST', ':setIamPolicy').map(({ path }) => path);
    const expected = numbers(SERVICES)
      .filter((n) => n <= 10 || n > 20)
      .map(
        (n) =>
          `/v1/projects/101010/locations/us-central1/iap_web/agentRegistry/endpoints/${
            stage.emulator.world.service(key(n)).resourceId
          }:setIamPolicy`,
      );
    expect([...written].sort()).toEqual(expected.sort());
    expect(stage.emulator.world.policy(`service:${key(60)}`).bindings[0]?.members).toHaveLength(ENGINES);
  });

  it('are registered once each', () => {
    const created = stage.requests('POST', '/services').map(({ query }) => query.serviceId);
    expect([...created].sort()).toEqual(numbers(10).map(key));
    expect(stage.requests('PATCH', /./)).toEqual([]);
    expect(stage.requests('DELETE', /./)).toEqual([]);
  });

  it('are read no more often than needed', () => {
    const gets = (end: string | RegExp): number => stage.requests('GET', end).length;
    expect(gets('/reasoningEngines')).toBe(Math.ceil(ENGINES / PAGE));
    expect(gets('/services')).toBe(Math.ceil((SERVICES - 10) / PAGE));
    expect(gets(/\/reasoningEngines\/\d+$/)).toBe(ENGINES);
    expect(gets(/\/v3\/projects\//)).toBe(1);
    // Each policy that exists once for the plan; a new endpoint's once before the first grant on it; the registry's own.
    expect(stage.requests('POST', ':getIamPolicy')).toHaveLength(SERVICES + 1);
  });

  it('leave nothing to do', async () => {
    expect(await stage.run('plan')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });
});

describe('as many engines and endpoints as Google lets a project have', () => {
  const QUOTA = 100;

  it('fit into the step summary, of which the runner takes up to 1 MiB', async () => {
    const config = [
      'version: 1',
      'project: acme-agents',
      'region: us-central1',
      'endpoints:',
      ...numbers(QUOTA).map((n) => `  ${key(n)}: { urls: ['${url(n)}'] }`),
      'agents:',
      `  - { engine: all, allow: [${numbers(QUOTA).map(key).join(', ')}] }`,
    ].join('\n');
    const engines = numbers(QUOTA).map((n) => ({ id: `4405152104998502${100 + n}`, displayName: `Agent ${n}` }));
    const stage = await set({ world: world({ engines }), config });
    const result = await stage.run('plan');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_grant: String(QUOTA * QUOTA) } });
    expect(result.summary).toContain(`Agent ${QUOTA}`);
    expect(Buffer.byteLength(result.summary)).toBeLessThanOrEqual(1024 * 1024);
  });
});

describe('every request', () => {
  it('says who sends it, carries the token and the reason, and stays within the declared project and region', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    await stage.run('apply', { request_reason: 'CHG-4711: agents behind the gateway' });
    const { requests } = stage.emulator;
    expect(requests.length).toBeGreaterThan(10);
    for (const { headers, path } of requests) {
      expect(headers).toMatchObject({
        authorization: 'bearer',
        'x-goog-request-reason': 'CHG-4711: agents behind the gateway',
      });
      expect(headers['user-agent']).toMatch(/^bind-agent-gateway\/\d+\.\d+\.\d+/);
      expect(path).toMatch(/\/projects\/(acme-agents|101010)(\/locations\/us-central1\/|:testIamPermissions$|$)/);
    }
  });

  it('charges the quota project that the environment names', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    await stage.run('plan', {}, { env: { GOOGLE_CLOUD_QUOTA_PROJECT: 'acme-agents' } });
    const projects = stage.emulator.requests.map(({ headers }) => headers['x-goog-user-project']);
    expect(new Set(projects)).toEqual(new Set(['acme-agents']));
  });

  it.each(['v1', 'v1beta1'])('goes to version %s of the aiplatform API when told so', async (version) => {
    const stage = await set({ world: world(), config: CONFIG });
    expect(await stage.run('plan', { api_version: version })).toMatchObject({ exitCode: 0 });
    const paths = stage.emulator.requests.filter(({ api }) => api === 'aiplatform').map(({ path }) => path);
    expect(new Set(paths.map((path) => path.split('/')[1]))).toEqual(new Set([version]));
  });
});
