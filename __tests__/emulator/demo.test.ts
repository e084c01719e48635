import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { startEmulator, type Emulator } from '../../emulator/index.js';

const DEMO = 'emulator/worlds/demo/world.yaml';
const ENGINE = 'aiplatform/v1beta1/projects/acme-agents/locations/us-central1/reasoningEngines/4405152104998502400';

let emulator: Emulator;
const call = async (
  path: string,
  method = 'GET',
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await fetch(`${emulator.url}/${path}`, {
    method,
    headers: { authorization: 'Bearer test' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

beforeAll(async () => {
  emulator = await startEmulator({ world: readFileSync(DEMO, 'utf8') });
});
afterAll(() => emulator.close());

describe('the demo world over HTTP', () => {
  it('registers, grants and binds an engine, and then the host can be reached', async () => {
    const { principal } = emulator.world.engine('Support agent');
    expect(emulator.decide(principal, 'api.example.com')).toMatchObject({ allowed: true, reason: 'not-bound' });

    const parent = 'agentregistry/v1/projects/101010/locations/us-central1';
    const created = await call(`${parent}/services?serviceId=example-api`, 'POST', {
      displayName: 'Example',
      endpointSpec: { type: 'NO_SPEC' },
      interfaces: [{ url: 'https://api.example.com', protocolBinding: 'HTTP_JSON' }],
    });
    expect(created).toMatchObject({ status: 200, body: { done: false } });
    emulator.world.advance(1000);
    const service = await call(`${parent}/services/example-api`);
    const endpoint = String(service.body.registryResource).split('/').at(-1) ?? '';
    expect(endpoint).toMatch(/^agentregistry-00000000-0000-0000-[0-9a-f]{4}-[0-9a-f]{12}$/);

    const resource = `iap/v1/projects/101010/locations/us-central1/iap_web/agentRegistry/endpoints/${endpoint}`;
    expect((await call(`${resource}:getIamPolicy`, 'POST', {})).body).toEqual({ etag: 'ACAB' });
    const bindings = [{ role: 'roles/iap.egressor', members: [principal] }];
    const set = await call(`${resource}:setIamPolicy`, 'POST', { policy: { version: 3, etag: 'ACAB', bindings } });
    expect(set).toMatchObject({ status: 200, body: { version: 1, bindings } });

    const agentGatewayConfig = {
      agentToAnywhereConfig: { agentGateway: 'projects/acme-agents/locations/us-central1/agentGateways/egress' },
    };
    const patched = await call(`${ENGINE}?updateMask=spec.deploymentSpec.agentGatewayConfig`, 'PATCH', {
      spec: { deploymentSpec: { agentGatewayConfig } },
    });
    expect(patched.status).toBe(200);
    expect(patched.body).not.toHaveProperty('done');
    emulator.world.advance(5000);
    expect((await call(`aiplatform/v1beta1/${String(patched.body.name)}`)).body).toMatchObject({ done: true });
    expect((await call(ENGINE)).body).toMatchObject({ spec: { deploymentSpec: { agentGatewayConfig } } });
    expect(emulator.decide(principal, 'api.example.com')).toMatchObject({
      allowed: true,
      enforced: true,
      reason: 'granted',
    });
    expect(emulator.decide(principal, 'api.stripe.com')).toMatchObject({ allowed: false, reason: 'no-grant' });
  });

  it('logs requests with what matters and without the token', () => {
    const patch = emulator.requests.find((entry) => entry.method === 'PATCH');
    expect(patch).toMatchObject({ api: 'aiplatform', status: 200, write: true, headers: { authorization: 'bearer' } });
    expect(JSON.stringify(emulator.requests)).not.toContain('Bearer test');
  });
});
