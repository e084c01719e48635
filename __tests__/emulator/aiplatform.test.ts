import { describe, expect, it } from '@jest/globals';
import {
  baseWorld,
  binding,
  BINDING_MASK,
  configOf,
  EGRESS,
  ENGINE_A,
  ENGINE_B,
  ENGINES,
  INGRESS,
  withEmulator,
  type Json,
} from './helpers.js';

const PATCH_A = `${ENGINES}/${ENGINE_A}?${BINDING_MASK}`;
const PATCH_B = `${ENGINES}/${ENGINE_B}?${BINDING_MASK}`;

describe('reading reasoning engines', () => {
  it('names them by project number, whichever way the path names the project', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      const name = `projects/101010/locations/us-central1/reasoningEngines/${ENGINE_A}`;
      expect((await call('GET', `${ENGINES}/${ENGINE_A}`)).body).toMatchObject({ name });
      expect((await call('GET', `aiplatform/v1beta1/${name}`)).body).toMatchObject({ name });
    });
  });

  it('computes the effective identity in the organization form, or per project without one', async () => {
    const lonely = { id: 'lonely', number: '303030' };
    const world = baseWorld({
      projects: [...baseWorld().projects, lonely],
      engines: [
        { id: '1', displayName: 'one' },
        { id: '2', displayName: 'two', project: 'lonely' },
        { id: '3', displayName: 'three', identity: 'none' },
      ],
    });
    await withEmulator(world, async (emulator, call) => {
      expect(emulator.world.engine('1').principal).toBe(
        'principal://agents.global.org-5550001.system.id.goog/resources/aiplatform/projects/101010/locations/us-central1/reasoningEngines/1',
      );
      expect(emulator.world.engine('2').principal).toContain('agents.global.proj-303030.system.id.goog');
      expect((await call('GET', `${ENGINES}/3`)).body.spec).toMatchObject({
        effectiveIdentity: 'service-101010@gcp-sa-aiplatform-re.googleapis.com',
      });
    });
  });

  it('answers 404 for a missing engine and hides an unknown project behind a 403', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      expect(await call('GET', `${ENGINES}/1`)).toMatchObject({
        status: 404,
        body: { error: { status: 'NOT_FOUND' } },
      });
      const elsewhere = await call('GET', 'aiplatform/v1/projects/nope/locations/us-central1/reasoningEngines');
      expect(elsewhere).toMatchObject({ status: 403, body: { error: { status: 'PERMISSION_DENIED' } } });
    });
  });

  it('lists in pages, without deploymentSpec unless the switch says otherwise', async () => {
    const engines = Array.from({ length: 5 }, (_, index) => ({
      id: `${index + 1}`,
      displayName: `engine ${index}`,
      egress: 'egress',
    }));
    const settings = { pageSize: { max: 2 } };
    await withEmulator(baseWorld({ engines, settings }), async (emulator, call) => {
      const first = await call('GET', `${ENGINES}?pageSize=50`);
      expect(first.body.reasoningEngines).toHaveLength(2);
      expect((first.body.reasoningEngines as Json[])[0]?.spec).not.toHaveProperty('deploymentSpec');
      const token = String(first.body.nextPageToken);
      const second = await call('GET', `${ENGINES}?pageToken=${token}`);
      expect(second.body.reasoningEngines).toMatchObject([{ displayName: 'engine 2' }, { displayName: 'engine 3' }]);
      expect((await call('GET', `${ENGINES}?pageToken=junk`)).status).toBe(400);

      emulator.world.set({ aiplatform: { listOmitsDeploymentSpec: false } });
      const whole = await call('GET', `${ENGINES}?filter=display_name%3D"engine 1"`);
      expect(whole.body.reasoningEngines).toMatchObject([{ spec: { deploymentSpec: { agentGatewayConfig: {} } } }]);
      expect((await call('GET', `${ENGINES}?filter=a OR b`)).status).toBe(400);
    });
  });
});

describe('PATCH of the binding', () => {
  it('runs as an operation without `done`, and GET shows the old binding until it ends', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const { body } = await call('PATCH', PATCH_A, binding(EGRESS, INGRESS));
      expect(body).not.toHaveProperty('done');
      expect(body.name).toMatch(
        /^projects\/101010\/locations\/us-central1\/reasoningEngines\/4405152104998502400\/operations\/\d+$/,
      );
      expect(body.metadata).toMatchObject({
        '@type': 'type.googleapis.com/google.cloud.aiplatform.v1.UpdateReasoningEngineOperationMetadata',
      });
      expect(await configOf(call)).toBeUndefined();

      emulator.world.advance(60_000);
      const id = String(body.name).split('/').at(-1) ?? '';
      const byEngine = await call('GET', `aiplatform/v1/${String(body.name)}`);
      const byLocation = await call('GET', `aiplatform/v1/projects/acme-agents/locations/us-central1/operations/${id}`);
      expect(byEngine.body).toMatchObject({
        done: true,
        response: { '@type': 'type.googleapis.com/google.cloud.aiplatform.v1.ReasoningEngine' },
      });
      expect(byLocation.body).toEqual(byEngine.body);
      expect(await configOf(call)).toEqual({
        agentToAnywhereConfig: { agentGateway: EGRESS },
        clientToAgentConfig: { agentGateway: INGRESS },
      });
    });
  });

  it('replaces the whole message: one direction alone erases the other, and {} erases both', async () => {
    const engines = [{ id: ENGINE_A, displayName: 'Support agent', egress: 'egress', ingress: 'ingress' }];
    await withEmulator(baseWorld({ engines }), async (emulator, call) => {
      await call('PATCH', PATCH_A, binding(EGRESS));
      emulator.world.advance(60_000);
      expect(await configOf(call)).toEqual({ agentToAnywhereConfig: { agentGateway: EGRESS } });
      await call('PATCH', PATCH_A, binding());
      emulator.world.advance(60_000);
      expect(await configOf(call)).toBeUndefined();
    });
  });

  it('understands snake case masks and leaves everything else alone', async () => {
    const engines = [{ id: ENGINE_A, displayName: 'Support agent', env: { A: '1' } }];
    await withEmulator(baseWorld({ engines }), async (emulator, call) => {
      const mask = 'updateMask=spec.deployment_spec.agent_gateway_config';
      await call('PATCH', `${ENGINES}/${ENGINE_A}?${mask}`, { displayName: 'ignored', ...binding(EGRESS) });
      emulator.world.advance(60_000);
      const { body } = await call('GET', `${ENGINES}/${ENGINE_A}`);
      expect(body).toMatchObject({
        displayName: 'Support agent',
        spec: {
          deploymentSpec: { env: [{ name: 'A', value: '1' }], agentGatewayConfig: { agentToAnywhereConfig: {} } },
        },
      });
    });
  });

  it.each(['spec.gateway', 'name', 'etag', `${BINDING_MASK.split('=')[1] ?? ''}.agentToAnywhereConfig`])(
    'refuses the mask path %s',
    async (path) => {
      await withEmulator(baseWorld(), async (_, call) => {
        const answer = await call('PATCH', `${ENGINES}/${ENGINE_A}?updateMask=${path}`, binding(EGRESS));
        expect(answer).toMatchObject({ status: 400, body: { error: { status: 'INVALID_ARGUMENT' } } });
      });
    },
  );

  it('refuses unknown fields, unknown query parameters and gateways in another form', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      const bodies = [
        { spec: { deploymentSpec: { agentGatewayConf: {} } } },
        { spec: { deploymentSpec: { agentGatewayConfig: { agentToAnywhereConfig: {} } } } },
        binding('egress'),
        { spec: { deploymentSpec: { env: [{ name: 'A', value: false }] } } },
      ];
      for (const body of bodies) expect((await call('PATCH', PATCH_A, body)).status).toBe(400);
      expect((await call('PATCH', `${ENGINES}/${ENGINE_A}?update_msk=spec`, binding(EGRESS))).status).toBe(400);
    });
  });

  it('refuses a second PATCH while one runs', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      await call('PATCH', PATCH_A, binding(EGRESS));
      const second = await call('PATCH', PATCH_A, binding(EGRESS, INGRESS));
      expect(second).toMatchObject({ status: 400, body: { error: { status: 'FAILED_PRECONDITION' } } });
      expect(JSON.stringify(second.body)).toContain('not in ACTIVE state');
      const listed = await call('GET', `${ENGINES}/${ENGINE_A}/operations?filter=done=false`);
      expect(listed.body.operations).toHaveLength(1);
      emulator.world.set({ aiplatform: { busy: 'ABORTED' } });
      expect((await call('PATCH', PATCH_A, binding(EGRESS))).status).toBe(409);
    });
  });

  it('checks an etag in the body when there is one', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const { etag } = emulator.world.engine(ENGINE_A);
      emulator.world.touchEngine(ENGINE_A, { description: 'changed by somebody' });
      const stale = await call('PATCH', PATCH_A, { etag, ...binding(EGRESS) });
      expect(stale).toMatchObject({ status: 409, body: { error: { status: 'ABORTED' } } });
      const fresh = await call('PATCH', PATCH_A, { etag: emulator.world.engine(ENGINE_A).etag, ...binding(EGRESS) });
      expect(fresh.status).toBe(200);
    });
  });
});

describe('bindings Google refuses', () => {
  const cases: [string, Partial<Parameters<typeof baseWorld>[0]>, Json][] = [
    ['a gateway that does not exist', {}, binding(`${EGRESS}-2`)],
    ['a gateway of the other direction', {}, binding(INGRESS)],
    [
      'an engine without agent identity',
      { engines: [{ id: ENGINE_A, displayName: 'a', identity: 'service-account' }] },
      binding(EGRESS),
    ],
    [
      'an engine from before the cutoff',
      { engines: [{ id: ENGINE_A, displayName: 'a', createTime: '2026-04-28T23:59:59Z' }] },
      binding(EGRESS),
    ],
    [
      'a gateway in another region',
      { gateways: [{ id: 'egress', path: 'egress', location: 'us-east1' }] },
      binding('projects/acme-agents/locations/us-east1/agentGateways/egress'),
    ],
    ['a self-managed gateway', { gateways: [{ id: 'egress', path: 'egress', selfManaged: true }] }, binding(EGRESS)],
  ];

  it.each(cases)('%s: at once, or by the operation, or not at all, as the switch says', async (_, more, body) => {
    await withEmulator(baseWorld(more), async (emulator, call) => {
      expect((await call('PATCH', PATCH_A, body)).status).toBe(400);
      const all = (how: string): Json => ({ invalidGateway: how, withoutAgentIdentity: how, tooOld: how });
      emulator.world.set({ aiplatform: all('lro') });
      const { body: running } = await call('PATCH', PATCH_A, body);
      emulator.world.advance(60_000);
      const ended = await call('GET', `aiplatform/v1/${String(running.name)}`);
      expect(ended.body).toMatchObject({ done: true, error: { message: expect.any(String) } });
      expect(ended.body.error).not.toHaveProperty('status');
      expect(await configOf(call)).toBeUndefined();
      emulator.world.set({ aiplatform: all('accepted') });
      expect((await call('PATCH', PATCH_A, body)).status).toBe(200);
    });
  });

  it('lets egress live in another project of the same region, but not ingress', async () => {
    const hub = { id: 'hub', number: '202020', organization: '5550001' };
    const gateways = [
      { id: 'hub-egress', project: 'hub', path: 'egress' as const },
      { id: 'hub-ingress', project: 'hub', path: 'ingress' as const },
    ];
    await withEmulator(baseWorld({ projects: [...baseWorld().projects, hub], gateways }), async (emulator, call) => {
      const base = 'projects/hub/locations/us-central1/agentGateways';
      expect((await call('PATCH', PATCH_A, binding(undefined, `${base}/hub-ingress`))).status).toBe(400);
      expect((await call('PATCH', PATCH_A, binding(`${base}/hub-egress`))).status).toBe(200);
      emulator.world.deny('networkservices.agentGateways.use', 'projects/202020');
      const denied = await call('PATCH', PATCH_B, binding(`${base}/hub-egress`));
      expect(denied.status).toBe(403);
      expect(JSON.stringify(denied.body)).toContain(
        "Permission 'networkservices.agentGateways.use' denied on resource",
      );
    });
  });
});
