import { afterEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type Emulator, type WorldInput } from '../../emulator/index.js';
import { runAction, type StepResult } from './support/runner.js';
import { annotations } from './support/stage.js';

let emulator: Emulator | undefined;
afterEach(() => emulator?.close());

/** A world as it should be: one agent, not bound yet. */
const WORLD = {
  region: 'us-central1',
  projects: [
    { id: 'acme-agents', number: '101010', organization: '5550001' },
    { id: 'acme-network', number: '202020', organization: '5550001' },
  ],
  gateways: [
    { id: 'egress', path: 'egress', registries: ['us-central1', 'global'] },
    { id: 'other', path: 'egress' },
    { id: 'ingress', path: 'ingress', project: 'acme-network' },
  ],
  extensions: [{ id: 'iap', policyVersion: 'V1' }],
  authzPolicies: [{ id: 'p', gateways: ['egress'], extension: 'iap' }],
  engines: [{ id: '1', displayName: 'Support agent', createTime: '2026-10-01T00:00:00Z' }],
} satisfies WorldInput;
const CONFIG = `version: 1
project: acme-agents
region: us-central1
gateways: {egress: egress}
endpoints:
  google-apis: {presets: [runtime]}
agents:
  - {engine: Support agent, allow: [google-apis]}
`;
const INGRESS = 'projects/acme-network/locations/us-central1/agentGateways/ingress';

async function run(
  folder: string,
  world: WorldInput,
  config = CONFIG,
  prepare: (emulator: Emulator) => void = () => undefined,
): Promise<StepResult> {
  emulator = await startEmulator({ world });
  prepare(emulator);
  const inputs = { access_token: 'token-1', ...(folder === 'apply' ? { propagation_wait: '0' } : {}) };
  return runAction(folder, inputs, { env: emulator.env, files: { 'agent-gateway.yaml': config } });
}
const writes = (): number => (emulator?.requests ?? []).filter(({ write }) => write).length;

describe('an error', () => {
  it.each<[id: string, message: string, world: WorldInput, config?: string]>([
    [
      'engine-too-old',
      'Support agent',
      { ...WORLD, engines: [{ id: '1', displayName: 'Support agent', createTime: '2026-04-28T23:59:59Z' }] },
    ],
    [
      'gateway-other-project',
      INGRESS,
      WORLD,
      CONFIG.replace('{egress: egress}', `{egress: egress, ingress: ${INGRESS}}`),
    ],
    [
      'gateway-conflict',
      'Neighbour',
      { ...WORLD, engines: [...WORLD.engines, { id: '2', displayName: 'Neighbour', egress: 'other' }] },
    ],
    [
      'registry-not-attached',
      'us-central1',
      { ...WORLD, gateways: [{ id: 'egress', path: 'egress', registries: ['global'] }] },
    ],
    [
      'gateway-other-region',
      'europe-west1',
      WORLD,
      CONFIG.replace('{egress: egress}', '{egress: projects/acme-agents/locations/europe-west1/agentGateways/egress}'),
    ],
  ])('%s stops apply before anything is written', async (id, message, world, config = CONFIG) => {
    const result = await run('apply', world, config);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(result.log).toMatch(new RegExp(`::error title=${id}[^\\n]*::[^\\n]*${message}`));
    expect(writes()).toBe(0);
  });

  /** A version that came after this action. */
  const withV3 = ({ world }: Emulator): void =>
    world.changeNetworking('extensions', 'iap', { metadata: { iapPolicyVersion: 'V3' } });

  it('grants-inert stops plan and apply where grants would be written that nobody reads', async () => {
    for (const folder of ['plan', 'apply']) {
      const result = await run(folder, WORLD, CONFIG, withV3);
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
      expect(result.log).toMatch(/::error title=grants-inert[^\n]*::[^\n]*V3/);
      expect(writes()).toBe(0);
      await emulator?.close();
    }
  });

  it.each([['aiplatform'], ['networkservices'], ['agentregistry'], ['iap']])(
    'api-disabled: %s is named before anything is written, with the command that enables it',
    async (api) => {
      const service = `${api}.googleapis.com`;
      const projects = WORLD.projects.map((project) => ({ ...project, disabledApis: [service] }));
      const result = await run('apply', { ...WORLD, projects });
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'api-disabled' } });
      expect(result.log).toMatch(
        new RegExp(`gcloud services enable ${api}\\.googleapis\\.com --project=(101010|acme-agents)`),
      );
      expect(writes()).toBe(0);
    },
  );

  it('api-disabled names both APIs that have to be enabled by themselves, with everything else that is wrong', async () => {
    const disabledApis = ['iap.googleapis.com', 'agentregistry.googleapis.com'];
    const projects = WORLD.projects.map((project) => ({ ...project, disabledApis }));
    const result = await run('plan', { ...WORLD, projects }, CONFIG, withV3);
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    const titles = [...result.log.matchAll(/^::error title=([^:,]+)/gm)].map(([, title]) => title);
    expect(titles).toEqual(['api-disabled', 'api-disabled', 'grants-inert', 'check-failed']);
  });

  const NEEDED = [
    ['aiplatform.reasoningEngines.update', 'roles/aiplatform.user'],
    ['networkservices.agentGateways.use', 'a custom role'],
    ['agentregistry.services.create', 'roles/agentregistry.editor'],
    ['iap.webServiceVersions.setIamPolicy', 'roles/iap.admin'],
  ] as const;

  it.each(NEEDED)('permission-missing: without %s apply refuses and names %s', async (permission, role) => {
    const result = await run('apply', { ...WORLD, denied: [permission] });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(result.log).toContain(
      `::error title=permission-missing::The identity of this job does not have ${permission}`,
    );
    expect(result.log).toContain(role);
    expect(annotations(result.log, 'error').at(-1)).toContain(permission);
    expect(result.summary).toContain('What to do next');
    expect(writes()).toBe(0);
  });

  it('permission-missing is none for a plan, which goes on without all of them', async () => {
    const world = { ...WORLD, denied: NEEDED.map(([permission]) => permission) };
    expect(await run('plan', world)).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
  });

  it('permission-missing can be made a warning, for grants under a condition that no answer shows', async () => {
    const config = `${CONFIG}checks: {permission-missing: warning}\n`;
    const result = await run('apply', { ...WORLD, denied: ['networkservices.agentGateways.use'] }, config);
    expect(result.log).toContain('::warning title=permission-missing::');
    expect(writes()).toBeGreaterThan(0);
  });

  it('is one only as long as the config leaves its level alone', async () => {
    const config = `${CONFIG}checks: {grants-inert: warning, gateway-dry-run: error}\n`;
    const inert = await run('plan', WORLD, config, withV3);
    expect(inert).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    await emulator?.close();
    const dry = await run('plan', { ...WORLD, extensions: [{ id: 'iap', enforcement: 'DRY_RUN' }] }, config);
    expect(dry).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
  });

  it('there is none in a world as it should be, and no warning', async () => {
    const result = await run('apply', WORLD);
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(result.log).not.toMatch(/^::(error|warning)/m);
    expect(JSON.parse(result.outputs.engines ?? '')).toMatchObject([{ status: 'changed', governance: 'governed' }]);
  });
});

describe("the gateway's other registry", () => {
  const global = (url: string) => ({
    ...WORLD,
    services: [{ id: 'payments', location: 'global', urls: [url] }],
  });
  const config = `${CONFIG}checks: {host-claimed-twice: error}\n`;

  it('is looked into: a host that it serves as well is named with both services', async () => {
    const result = await run(
      'plan',
      global('https://aiplatform.googleapis.com/'),
      config.replace('runtime', 'gemini-global'),
    );
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(result.log).toMatch(
      /::error title=host-claimed-twice.*locations\/global\/services\/payments and .*us-central1\/services\/google-apis/,
    );
  });

  it('gives a note for another path of a host, whatever the level', async () => {
    const result = await run(
      'plan',
      global('https://aiplatform.googleapis.com/v2'),
      config.replace('runtime', 'gemini-global'),
    );
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(result.log).toMatch(
      /::notice title=host-claimed-twice.*aiplatform\.googleapis\.com is in 2 services with other/,
    );
  });

  it('may be closed to the caller: the plan says so and goes on', async () => {
    const denied = [{ permission: 'agentregistry.services.list', resource: 'projects/acme-agents/locations/global' }];
    const result = await run('plan', { ...WORLD, denied });
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(result.log).toMatch(/::warning title=not-readable.*acme-agents in global.*agentregistry\.services\.list/);
  });
});

describe('the round trips of a plan without changes', () => {
  it('are four at the most: what does not depend on each other is asked for together', async () => {
    await run('apply', WORLD);
    if (!emulator) throw new Error('no emulator');
    // Requests are held until no other comes, then answered together: each such wave is one round trip.
    let waves = 0;
    let held: (() => void)[] = [];
    let timer: NodeJS.Timeout | undefined;
    emulator.interceptors.push({
      before: () =>
        new Promise((resolve) => {
          held.push(() => resolve(undefined));
          clearTimeout(timer);
          timer = setTimeout(() => {
            waves += 1;
            const answers = held;
            held = [];
            answers.forEach((answer) => answer());
          }, 500);
        }),
    });
    const files = { 'agent-gateway.yaml': CONFIG };
    const plan = await runAction('plan', { access_token: 'token-1' }, { env: emulator.env, files });
    expect(plan.outputs.changes).toBe('false');
    expect(waves).toBeGreaterThan(1);
    expect(waves).toBeLessThanOrEqual(4);
  });
});
