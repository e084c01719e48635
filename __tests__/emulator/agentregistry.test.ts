import { describe, expect, it } from '@jest/globals';
import { baseWorld, endpointService, ENGINE_A, PLACE, SERVICES, withEmulator, type Json } from './helpers.js';

const UUID = '0f3b8a52-5d6e-4d53-9e19-2f6a3b1c4d5e';
const create = (id: string): string => `${SERVICES}?serviceId=${id}`;

describe('services', () => {
  it('are created by an operation that prints `done: false`, and then have a projection', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const started = await call('POST', create('example-api'), endpointService('https://api.example.com'));
      expect(started.body).toMatchObject({
        done: false,
        name: expect.stringMatching(/^projects\/acme-agents\/locations\/us-central1\/operations\/operation-/),
        metadata: { '@type': 'type.googleapis.com/google.cloud.agentregistry.v1.OperationMetadata', verb: 'create' },
      });
      expect((await call('GET', `${SERVICES}/example-api`)).status).toBe(404);
      emulator.world.advance(1000);
      expect((await call('GET', `agentregistry/v1/${String(started.body.name)}`)).body).toMatchObject({
        done: true,
      });
      const service = await call('GET', `${SERVICES}/example-api`);
      expect(service.body).toMatchObject({
        name: `${PLACE}/services/example-api`,
        registryResource: expect.stringMatching(
          /^projects\/101010\/locations\/us-central1\/endpoints\/agentregistry-00000000-0000-0000-[0-9a-f]{4}-[0-9a-f]{12}$/,
        ),
      });
      const endpoint = await call('GET', `agentregistry/v1/${String(service.body.registryResource)}`);
      expect(endpoint.body).toMatchObject({
        name: service.body.registryResource,
        endpointId:
          'urn:endpoint:projects-101010:projects:101010:locations:us-central1:agentregistry:services:example-api',
        interfaces: [{ url: 'https://api.example.com' }],
      });
    });
  });

  it('can leave registryResource out for a while after the operation ended', async () => {
    const settings = { registry: { registryResourceDelayMs: 60_000 } };
    await withEmulator(baseWorld({ settings }), async (emulator, call) => {
      await call('POST', create('example-api'), endpointService('https://api.example.com'));
      emulator.world.advance(1000);
      expect((await call('GET', `${SERVICES}/example-api`)).body).not.toHaveProperty('registryResource');
      expect((await call('GET', `agentregistry/v1/${PLACE}/endpoints`)).body).toEqual({});
      emulator.world.advance(60_000);
      expect((await call('GET', `${SERVICES}/example-api`)).body).toHaveProperty('registryResource');
    });
  });

  it('keep their projection across PATCH and get a new one when re-created', async () => {
    await withEmulator(
      baseWorld({ services: [{ id: 'example-api', urls: ['https://a.example.com'] }] }),
      async (emulator, call) => {
        const before = emulator.world.service('example-api').resourceId;
        const body = {
          interfaces: [{ url: 'https://b.example.com', protocolBinding: 'GRPC' }],
          displayName: 'not in the mask',
        };
        const patched = await call('PATCH', `${SERVICES}/example-api?updateMask=interfaces`, body);
        expect(patched).toMatchObject({ status: 200, body: { done: false } });
        emulator.world.advance(1000);
        const { data, resourceId } = emulator.world.service('example-api');
        expect(data).toMatchObject({ displayName: 'example-api', interfaces: [{ url: 'https://b.example.com' }] });
        expect(resourceId).toBe(before);
        await call('DELETE', `${SERVICES}/example-api`);
        emulator.world.advance(1000);
        await call('POST', create('example-api'), endpointService('https://a.example.com'));
        emulator.world.advance(1000);
        expect(emulator.world.service('example-api').resourceId).not.toBe(before);
      },
    );
  });

  it('lose the policy of their projection when they are deleted', async () => {
    const services = [
      { id: 'example-api', urls: ['https://a.example.com'], policy: [{ members: [`engine:${ENGINE_A}`] }] },
    ];
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      const on = `endpoints/${emulator.world.service('example-api').resourceId}`;
      expect(emulator.world.policy(on).bindings).toHaveLength(1);
      await call('DELETE', `${SERVICES}/example-api`);
      emulator.world.advance(1000);
      expect(emulator.world.policy(on).bindings).toHaveLength(0);
    });
  });

  const bad: [string, string, Json][] = [
    ['an id that is too short', create('abc'), endpointService('https://a.example.com')],
    ['an id with an upper case letter', create('Example'), endpointService('https://a.example.com')],
    ['no spec', create('example-api'), { interfaces: [] }],
    [
      'two specs',
      create('example-api'),
      { ...endpointService('https://a.example.com'), mcpServerSpec: { type: 'NO_SPEC' } },
    ],
    [
      'gcloud spelling of the binding',
      create('example-api'),
      {
        endpointSpec: { type: 'NO_SPEC' },
        interfaces: [{ url: 'https://a.example.com', protocolBinding: 'jsonrpc' }],
      },
    ],
    [
      'no binding',
      create('example-api'),
      { endpointSpec: { type: 'NO_SPEC' }, interfaces: [{ url: 'https://a.example.com' }] },
    ],
    [
      'content with NO_SPEC',
      create('example-api'),
      { ...endpointService('https://a.example.com'), endpointSpec: { type: 'NO_SPEC', content: {} } },
    ],
    [
      'a long display name',
      create('example-api'),
      { ...endpointService('https://a.example.com'), displayName: 'x'.repeat(64) },
    ],
    [
      'a long description',
      create('example-api'),
      { ...endpointService('https://a.example.com'), description: 'x'.repeat(2049) },
    ],
    ['labels, which do not exist', create('example-api'), { ...endpointService('https://a.example.com'), labels: {} }],
    ['a requestId that is no UUID', `${create('example-api')}&requestId=1`, endpointService('https://a.example.com')],
    [
      'a multi-region',
      `agentregistry/v1/projects/acme-agents/locations/eu/services?serviceId=example-api`,
      endpointService('https://a.example.com'),
    ],
  ];
  it.each(bad)('refuse %s', async (_, path, body) => {
    await withEmulator(baseWorld(), async (__, call) => {
      expect(await call('POST', path, body)).toMatchObject({
        status: 400,
        body: { error: { status: 'INVALID_ARGUMENT' } },
      });
    });
  });

  it('refuse a taken id, also one that is just being created, with 409 ALREADY_EXISTS', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      await call('POST', create('example-api'), endpointService('https://a.example.com'));
      for (const wait of [0, 1000]) {
        emulator.world.advance(wait);
        const again = await call('POST', create('example-api'), endpointService('https://b.example.com'));
        expect(again).toMatchObject({ status: 409, body: { error: { status: 'ALREADY_EXISTS' } } });
      }
    });
  });

  it('refuse a URL another service has, with the status the switch names', async () => {
    await withEmulator(
      baseWorld({ services: [{ id: 'first', urls: ['https://a.example.com'] }] }),
      async (emulator, call) => {
        const body = endpointService('https://b.example.com', 'https://a.example.com');
        const taken = await call('POST', create('second'), body);
        expect(taken).toMatchObject({
          status: 409,
          body: { error: { message: "Interface URL 'https://a.example.com' is already in use by another service" } },
        });
        emulator.world.set({ registry: { duplicateUrl: 'INVALID_ARGUMENT' } });
        expect((await call('POST', create('second'), body)).status).toBe(400);
        emulator.world.set({ registry: { duplicateUrl: 'accepted' } });
        expect((await call('POST', create('second'), body)).status).toBe(200);
      },
    );
  });

  it('answer a repeated requestId with the same operation', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const path = `${create('example-api')}&requestId=${UUID}`;
      const first = await call('POST', path, endpointService('https://a.example.com'));
      emulator.world.advance(1000);
      const second = await call('POST', path, endpointService('https://a.example.com'));
      expect(second).toMatchObject({ status: 200, body: { name: first.body.name, done: true } });
      expect(emulator.world.services()).toEqual(['example-api']);
      emulator.world.advance(61 * 60_000);
      expect((await call('POST', path, endpointService('https://a.example.com'))).status).toBe(409);
    });
  });

  it('are limited per kind, project and location', async () => {
    const settings = { registry: { quotaPerKind: 1 } };
    await withEmulator(
      baseWorld({ settings, services: [{ id: 'first', urls: ['https://a.example.com'] }] }),
      async (_, call) => {
        const full = await call('POST', create('second'), endpointService('https://b.example.com'));
        expect(full).toMatchObject({ status: 429, body: { error: { status: 'RESOURCE_EXHAUSTED' } } });
        const mcp = {
          mcpServerSpec: { type: 'NO_SPEC' },
          interfaces: [{ url: 'https://m.example.com', protocolBinding: 'JSONRPC' }],
        };
        expect((await call('POST', create('an-mcp-server'), mcp)).status).toBe(200);
      },
    );
  });

  it('come in pages', async () => {
    const services = ['one-a', 'two-b', 'three'].map((id) => ({ id, urls: [`https://${id}.example.com`] }));
    await withEmulator(baseWorld({ services, settings: { pageSize: { max: 2 } } }), async (_, call) => {
      const first = await call('GET', SERVICES);
      const second = await call('GET', `${SERVICES}?pageToken=${String(first.body.nextPageToken)}`);
      expect(first.body.services).toHaveLength(2);
      expect(second.body).toMatchObject({ services: [{ displayName: 'three' }] });
      expect(second.body).not.toHaveProperty('nextPageToken');
    });
  });
});

describe('projections', () => {
  it('are read only', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      expect((await call('POST', `agentregistry/v1/${PLACE}/endpoints`, {})).status).toBe(404);
    });
  });

  it('show engines as agents with their identity and what they run', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const { body } = await call('GET', `agentregistry/v1/${PLACE}/agents`);
      const { principal } = emulator.world.engine(ENGINE_A);
      expect((body.agents as Json[])[0]).toMatchObject({
        agentId: `urn:agent:projects-101010:projects:101010:locations:us-central1:reasoningEngines:${ENGINE_A}`,
        attributes: {
          'agentregistry.googleapis.com/system/RuntimeIdentity': { principal },
          'agentregistry.googleapis.com/system/RuntimeReference': {
            uri: `//aiplatform.googleapis.com/projects/101010/locations/us-central1/reasoningEngines/${ENGINE_A}`,
          },
        },
      });
      const found = await call('POST', `agentregistry/v1/${PLACE}/agents:search`, { searchString: 'billing' });
      expect(found.body.agents).toHaveLength(1);
    });
  });

  it('sort services by their spec', async () => {
    const services = [
      { id: 'tool-server', kind: 'mcp' as const, urls: ['https://m.example.com'] },
      { id: 'some-agent', kind: 'agent' as const, urls: ['https://g.example.com'] },
    ];
    await withEmulator(baseWorld({ services, engines: [] }), async (_, call) => {
      expect((await call('GET', `agentregistry/v1/${PLACE}/mcpServers`)).body.mcpServers).toHaveLength(1);
      expect((await call('GET', `agentregistry/v1/${PLACE}/agents`)).body.agents).toHaveLength(1);
      expect((await call('GET', `agentregistry/v1/${PLACE}/endpoints`)).body).toEqual({});
    });
  });
});
