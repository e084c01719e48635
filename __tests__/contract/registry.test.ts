import { describe, expect, it } from '@jest/globals';
import { declaredWorld } from './support/declared.js';
import { GRANTS_ONLY, useStages, world } from './support/stage.js';

const set = useStages();
const URL = 'https://tickets.example.com';
const MARK = 'Managed by bind-agent-gateway.';

const describeService = (data: Record<string, unknown>): unknown => {
  const { displayName, description, interfaces } = data;
  return { displayName, description, interfaces };
};

describe("another team's service that serves a declared URL", () => {
  it('is never written, only its policy gets the members', async () => {
    const stage = await set({
      world: world({
        services: [{ id: 'their-service', displayName: 'Theirs', description: 'Hands off', urls: [URL] }],
      }),
      config: GRANTS_ONLY,
    });
    const { world: live } = stage.emulator;
    const before = structuredClone(live.service('their-service').data);
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_register: '0', to_grant: '2' } });
    expect(stage.writes().filter(({ api }) => api === 'agentregistry')).toEqual([]);
    expect(live.services()).toEqual(['their-service']);
    expect(live.service('their-service').data).toEqual(before);
    expect(live.policy('service:their-service').bindings).toHaveLength(1);
    expect(JSON.parse(result.outputs.endpoints ?? '')).toEqual({
      'ticket-system': {
        service: 'projects/acme-agents/locations/us-central1/services/their-service',
        registryResource: live.service('their-service').registryResource,
        endpointId: live.service('their-service').resourceId,
      },
    });
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0 });
  });

  it('is recognised although they spell the URL another way', async () => {
    const stage = await set({
      world: world({ services: [{ id: 'their-service', urls: ['https://Tickets.Example.com/'] }] }),
      config: GRANTS_ONLY,
    });
    expect(await stage.run('plan')).toMatchObject({ exitCode: 0, outputs: { to_register: '0', to_grant: '2' } });
  });

  it('serves its URL while the rest of the key gets a service of its own', async () => {
    const stage = await set({
      world: world({ services: [{ id: 'their-service', urls: [URL] }] }),
      config: GRANTS_ONLY.replace(`[${URL}]`, `[${URL}, https://more.example.com]`),
    });
    const { world: live } = stage.emulator;
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_register: '1', to_grant: '4' } });
    expect(live.service('ticket-system').data).toMatchObject({ interfaces: [{ url: 'https://more.example.com' }] });
    live.bind('Support agent', { egress: 'egress' });
    const { principal } = live.engine('Support agent');
    for (const host of ['tickets.example.com', 'more.example.com']) {
      expect(stage.decide(principal, host)).toMatchObject({ allowed: true, reason: 'granted' });
    }
  });
});

describe("a service with the key's ID that somebody else made", () => {
  it('only gains interfaces', async () => {
    const stage = await set({
      world: world({
        services: [
          {
            id: 'ticket-system',
            displayName: 'Tickets (ops)',
            description: 'Made by hand',
            urls: ['https://legacy.example.com'],
            protocol: 'HTTP_JSON',
          },
        ],
      }),
      config: GRANTS_ONLY,
    });
    const { world: live } = stage.emulator;
    const { resourceId } = live.service('ticket-system');
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_register: '1' } });
    expect(describeService(live.service('ticket-system').data)).toEqual({
      displayName: 'Tickets (ops)',
      description: 'Made by hand',
      interfaces: [
        { url: 'https://legacy.example.com', protocolBinding: 'HTTP_JSON' },
        { url: URL, protocolBinding: 'JSONRPC' },
      ],
    });
    expect(live.service('ticket-system').resourceId).toBe(resourceId);
    expect(stage.requests('PATCH', '/services/ticket-system')).toMatchObject([{ query: { updateMask: 'interfaces' } }]);
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0 });
  });

  it('is refused when it is no endpoint', async () => {
    const stage = await set({
      world: world({ services: [{ id: 'ticket-system', kind: 'mcp', urls: ['https://mcp.example.com'] }] }),
      config: GRANTS_ONLY,
    });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(result.log).toContain('service-id-taken');
    expect(stage.writes()).toEqual([]);
  });
});

describe('an own service', () => {
  it('follows the config in everything and keeps its endpoint', async () => {
    const stage = await set({ world: declaredWorld(GRANTS_ONLY), config: GRANTS_ONLY });
    const { world: live } = stage.emulator;
    const { resourceId } = live.service('ticket-system');
    const files = {
      'agent-gateway.yaml': GRANTS_ONLY.replace(
        `urls: [${URL}]`,
        'display_name: Tickets\n    urls: [https://new.example.com]\n    protocol: http-json',
      ),
    };
    const result = await stage.run('apply', {}, { files });
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_register: '1', to_grant: '0' } });
    expect(describeService(live.service('ticket-system').data)).toEqual({
      displayName: 'Tickets',
      description: expect.stringContaining(MARK),
      interfaces: [{ url: 'https://new.example.com', protocolBinding: 'HTTP_JSON' }],
    });
    expect(live.service('ticket-system').resourceId).toBe(resourceId);
    expect(stage.requests('DELETE', /./)).toEqual([]);
  });

  it('keeps hosts for the other engines when a run is narrowed to one', async () => {
    const stage = await set({ world: declaredWorld(GRANTS_ONLY), config: GRANTS_ONLY });
    const files = { 'agent-gateway.yaml': GRANTS_ONLY.replace(URL, 'https://new.example.com') };
    const result = await stage.run('apply', { engines: 'Support agent' }, { files });
    expect(result).toMatchObject({ exitCode: 0 });
    expect(stage.emulator.world.service('ticket-system').data).toMatchObject({
      interfaces: [{ url: URL }, { url: 'https://new.example.com' }],
    });
  });

  it('sends each write with a UUID, so that a write whose answer was lost is done once', async () => {
    const stage = await set({ world: world(), config: GRANTS_ONLY });
    let lost = 0;
    stage.emulator.interceptors.push({
      after: ({ api, method }, response) => {
        if (api !== 'agentregistry' || method !== 'POST' || lost > 0) return response;
        lost += 1;
        return Response.json({ error: { code: 503, message: 'Gone.', status: 'UNAVAILABLE' } }, { status: 503 });
      },
    });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    const ids = stage.requests('POST', '/services').map(({ query }) => query.requestId);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(stage.emulator.world.services()).toEqual(['ticket-system']);
  });

  it('waits for the endpoint that the registry makes of it before anything is granted', async () => {
    const stage = await set({
      world: world(),
      config: GRANTS_ONLY,
      settings: { registry: { registryResourceDelayMs: 300 } },
    });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(result.outputs.endpoints ?? '')).toMatchObject({
      'ticket-system': { endpointId: stage.emulator.world.service('ticket-system').resourceId },
    });
    expect(stage.requests('POST', ':setIamPolicy')).toHaveLength(1);
  });
});
