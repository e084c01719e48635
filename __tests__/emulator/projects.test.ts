import { describe, expect, it } from '@jest/globals';
import { baseWorld, ENGINE_A, ENGINES, withEmulator } from './helpers.js';

const CRM = 'cloudresourcemanager';

describe('Resource Manager', () => {
  it('tells number and parent in v3, ancestry in v1', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      const byNumber = await call('GET', `${CRM}/v3/projects/101010`);
      expect(byNumber.body).toMatchObject({
        name: 'projects/101010',
        projectId: 'acme-agents',
        parent: 'folders/77',
        state: 'ACTIVE',
      });
      expect((await call('GET', `${CRM}/v3/projects/acme-agents`)).body).toEqual(byNumber.body);
      expect((await call('POST', `${CRM}/v1/projects/acme-agents:getAncestry`, {})).body).toEqual({
        ancestor: [
          { resourceId: { type: 'project', id: 'acme-agents' } },
          { resourceId: { type: 'folder', id: '77' } },
          { resourceId: { type: 'organization', id: '5550001' } },
        ],
      });
    });
  });

  it('tests permissions', async () => {
    await withEmulator(baseWorld({ denied: ['agentregistry.services.create'] }), async (_, call) => {
      const permissions = ['agentregistry.services.create', 'agentregistry.services.get'];
      const { body } = await call('POST', `${CRM}/v3/projects/acme-agents:testIamPermissions`, { permissions });
      expect(body).toEqual({ permissions: ['agentregistry.services.get'] });
    });
  });
});

describe('Service Usage', () => {
  const names = (count: number): string =>
    Array.from({ length: count }, (_, index) => `names=projects/acme-agents/services/a${index}.googleapis.com`).join(
      '&',
    );

  it('says which APIs are enabled, thirty at a time', async () => {
    const projects = [{ ...(baseWorld().projects[0] ?? { id: '', number: '' }), disabledApis: ['iap.googleapis.com'] }];
    await withEmulator(baseWorld({ projects }), async (_, call) => {
      const path = 'serviceusage/v1/projects/acme-agents/services:batchGet';
      const both =
        'names=projects/acme-agents/services/iap.googleapis.com&names=projects/101010/services/aiplatform.googleapis.com';
      expect((await call('GET', `${path}?${both}`)).body).toMatchObject({
        services: [
          { name: 'projects/101010/services/iap.googleapis.com', state: 'DISABLED' },
          { name: 'projects/101010/services/aiplatform.googleapis.com', state: 'ENABLED' },
        ],
      });
      expect((await call('GET', `${path}?${names(30)}`)).status).toBe(200);
      expect((await call('GET', `${path}?${names(31)}`)).status).toBe(400);
      expect((await call('GET', `${path}?names=projects/other/services/iap.googleapis.com`)).status).toBe(400);
    });
  });
});

describe('what every API does', () => {
  it('refuses requests without a token, with one nobody listed, or with a useless scheme', async () => {
    await withEmulator(baseWorld({ settings: { auth: { tokens: ['good'] } } }), async (emulator, call) => {
      for (const authorization of ['', 'Basic abc', 'Bearer', 'Bearer bad']) {
        const answer = await call('GET', ENGINES, undefined, { authorization });
        expect(answer).toMatchObject({ status: 401, body: { error: { code: 401, status: 'UNAUTHENTICATED' } } });
      }
      expect((await call('GET', ENGINES, undefined, { authorization: 'Bearer good' })).status).toBe(200);
      expect(emulator.requests.map((entry) => entry.headers.authorization)).toContain('bearer');
    });
  });

  it('answers 403 SERVICE_DISABLED where the API is off', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      emulator.world.disableApi('aiplatform.googleapis.com');
      const answer = await call('GET', ENGINES);
      expect(answer).toMatchObject({
        status: 403,
        body: {
          error: {
            details: [
              {
                reason: 'SERVICE_DISABLED',
                metadata: { service: 'aiplatform.googleapis.com', consumer: 'projects/101010' },
              },
              {},
            ],
          },
        },
      });
      emulator.world.enableApi('aiplatform.googleapis.com');
      expect((await call('GET', ENGINES)).status).toBe(200);
    });
  });

  it('charges the project of X-Goog-User-Project, which must exist', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const headers = { 'x-goog-user-project': 'nope', 'x-goog-request-reason': 'deploy 42' };
      expect(JSON.stringify(await call('GET', ENGINES, undefined, headers))).toContain('USER_PROJECT_DENIED');
      expect(emulator.requests[0]).toMatchObject({
        n: 1,
        api: 'aiplatform',
        method: 'GET',
        status: 403,
        write: false,
        headers,
      });
    });
  });

  it('names permission and resource in a 403, for one resource or for all', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      emulator.world.deny(
        'aiplatform.reasoningEngines.get',
        `projects/101010/locations/us-central1/reasoningEngines/${ENGINE_A}`,
      );
      const name = `//aiplatform.googleapis.com/projects/acme-agents/locations/us-central1/reasoningEngines/${ENGINE_A}`;
      expect((await call('GET', `${ENGINES}/${ENGINE_A}`)).body).toMatchObject({
        error: {
          message: `Permission 'aiplatform.reasoningEngines.get' denied on resource '${name}' (or it may not exist).`,
        },
      });
      expect((await call('GET', ENGINES)).status).toBe(200);
      emulator.world.allow('aiplatform.reasoningEngines.get');
      expect((await call('GET', `${ENGINES}/${ENGINE_A}`)).status).toBe(200);
    });
  });

  it("answers a path nobody has with the front end's HTML page, and broken JSON with a 400", async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const nowhere = await call('GET', 'aiplatform/v1/nothing');
      expect(nowhere).toMatchObject({ status: 404, body: { text: expect.stringContaining('<title>Error 404') } });
      const response = await fetch(`${emulator.url}/${ENGINES}`, {
        method: 'POST',
        headers: { authorization: 'Bearer t' },
        body: '{"displayName":',
      });
      expect(response.status).toBe(400);
    });
  });

  it('lets an interceptor come before and after the effect', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      emulator.interceptors.push({ before: () => Response.json({}, { status: 503 }) });
      expect((await call('DELETE', `${ENGINES}/${ENGINE_A}`)).status).toBe(503);
      expect(emulator.world.dump().operations).toEqual([]);
      emulator.interceptors.splice(0, 1, { after: () => Response.json({}, { status: 502 }) });
      expect((await call('DELETE', `${ENGINES}/${ENGINE_A}`)).status).toBe(502);
      expect(emulator.world.dump().operations).toHaveLength(1);
    });
  });
});
