import { describe, expect, it } from '@jest/globals';
import type { Emulator } from '../../emulator/index.js';
import { baseWorld, ENGINE_A, ENGINE_B, withEmulator, type Answer, type Call, type Json } from './helpers.js';

const REGISTRY = 'iap/v1/projects/101010/locations/us-central1/iap_web/agentRegistry';
const services = [{ id: 'example-api', urls: ['https://api.example.com'] }];
const CONDITION = { title: 'soon', expression: 'request.time < timestamp("2030-01-01T00:00:00Z")' };

const endpointOf = (emulator: Emulator): string =>
  `${REGISTRY}/endpoints/${emulator.world.service('example-api').resourceId}`;
const read = async (call: Call, resource: string, version?: number): Promise<Answer> =>
  call(
    'POST',
    `${resource}:getIamPolicy`,
    version === undefined ? {} : { options: { requestedPolicyVersion: version } },
  );
const write = async (call: Call, resource: string, policy: Json): Promise<Answer> =>
  call('POST', `${resource}:setIamPolicy`, { policy });
const egressor = (members: string[], condition?: Json): Json => ({
  role: 'roles/iap.egressor',
  members,
  ...(condition ? { condition } : {}),
});

describe('IAP policies', () => {
  it('start empty with the etag ACAB and get a new etag at each set', async () => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      const resource = endpointOf(emulator);
      const { principal } = emulator.world.engine(ENGINE_A);
      expect((await read(call, resource)).body).toEqual({ etag: 'ACAB' });
      const first = await write(call, resource, { version: 3, etag: 'ACAB', bindings: [egressor([principal])] });
      expect(first.body).toMatchObject({ version: 1, bindings: [egressor([principal])] });
      const second = await write(call, resource, {
        version: 3,
        etag: first.body.etag,
        bindings: [egressor([principal])],
      });
      expect(second.body.etag).not.toBe(first.body.etag);
      expect((await read(call, resource, 3)).body).toEqual(second.body);
      const byId = resource.replace('101010', 'acme-agents');
      expect((await read(call, byId, 3)).body).toEqual(second.body);
    });
  });

  it('refuse a stale etag with 409 ABORTED, also when the other write came at the last moment', async () => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      const resource = endpointOf(emulator);
      const { principal } = emulator.world.engine(ENGINE_A);
      emulator.world.set({ iap: { foreignWrites: 1 } });
      const lost = await write(call, resource, { version: 3, etag: 'ACAB', bindings: [egressor([principal])] });
      expect(lost).toMatchObject({ status: 409, body: { error: { status: 'ABORTED' } } });
      const { etag, bindings } = (await read(call, resource, 3)).body as {
        etag: string;
        bindings: { members: string[] }[];
      };
      expect(bindings[0]?.members).toHaveLength(1);
      const merged = [egressor([...(bindings[0]?.members ?? []), principal])];
      expect(await write(call, resource, { version: 3, etag, bindings: merged })).toMatchObject({
        status: 200,
        body: { bindings: merged },
      });

      const stop = emulator.world.onBeforeSetIamPolicy(() =>
        emulator.world.addMember('service:example-api', `engine:${ENGINE_B}`),
      );
      const now = String((await read(call, resource)).body.etag);
      expect((await write(call, resource, { etag: now, bindings: [] })).status).toBe(409);
      stop();
    });
  });

  it('need version 3 for conditions, both ways', async () => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      const resource = endpointOf(emulator);
      const { principal } = emulator.world.engine(ENGINE_A);
      const bindings = [egressor([principal], CONDITION)];
      expect((await write(call, resource, { version: 1, etag: 'ACAB', bindings })).status).toBe(400);
      const set = await write(call, resource, { version: 3, etag: 'ACAB', bindings });
      expect(set.body).toMatchObject({ version: 3, bindings });
      expect((await read(call, resource, 3)).body).toEqual(set.body);
      const old = (await read(call, resource, 1)).body;
      expect(old).toMatchObject({ version: 1, bindings: [{ role: expect.stringMatching(/_withcond_[0-9a-f]{20}$/) }] });
      expect(JSON.stringify(old)).not.toContain('expression');
      const etag = set.body.etag;
      expect((await write(call, resource, { version: 1, etag, bindings: [egressor([principal])] })).status).toBe(400);
      expect((await write(call, resource, { version: 3, etag, bindings: old.bindings })).status).toBe(400);
      // Without the etag a version 1 policy overwrites the conditions: what the documentation warns of.
      expect(await write(call, resource, { version: 1, bindings: [egressor([principal])] })).toMatchObject({
        status: 200,
      });
      expect((await read(call, resource, 2)).status).toBe(400);
    });
  });

  it('answer 404 for what is no entry, and never take an empty id for the whole registry', async () => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      const missing = [
        `${REGISTRY}/endpoints/agentregistry-00000000-0000-0000-0000-000000000000`,
        `${REGISTRY}/endpoints/example-api`,
        `${REGISTRY}/mcpServers/${emulator.world.service('example-api').resourceId}`,
        `${REGISTRY}/endpoints/`,
        `${REGISTRY}/endpoints`,
        `${REGISTRY}/`,
        REGISTRY.replace('agentRegistry', 'agentRegistry-us-central1'),
      ];
      for (const resource of missing) {
        expect((await write(call, resource, { bindings: [] })).status).toBe(404);
      }
      expect(emulator.world.policy('registry')).toEqual({ etag: 'ACAB', bindings: [] });
    });
  });

  it('keep registry-wide and per-entry policies apart, agents included', async () => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      const { principal, agentId } = emulator.world.engine(ENGINE_A);
      const agent = `${REGISTRY}/agents/${agentId}`;
      expect((await write(call, REGISTRY, { etag: 'ACAB', bindings: [egressor([principal])] })).status).toBe(200);
      expect((await read(call, endpointOf(emulator))).body).toEqual({ etag: 'ACAB' });
      expect((await write(call, agent, { etag: 'ACAB', bindings: [egressor([principal])] })).status).toBe(200);
      expect(emulator.world.policy(`engine:${ENGINE_A}`).bindings).toHaveLength(1);
    });
  });

  const domain = 'agents.global.org-5550001.system.id.goog';
  const engine = 'resources/aiplatform/projects/101010/locations/us-central1/reasoningEngines/1';
  it.each([
    ['a bare email', 'somebody@example.com'],
    ['the spelling IAM does not know', `principal://agents.global.project-101010.system.id.goog/${engine}`],
    ['an unknown organization', `principal://agents.global.org-999.system.id.goog/${engine}`],
    [
      'a project of an organization in the form for those without',
      `principal://agents.global.proj-101010.system.id.goog/${engine}`,
    ],
    ['a project ID in the path', `principal://${domain}/${engine.replace('101010', 'acme-agents')}`],
    ['a set of a form that does not exist', `principalSet://${domain}/attribute.folder/77`],
    ['no member', ''],
  ])('refuse %s as a member', async (_, member) => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      const answer = await write(call, endpointOf(emulator), { etag: 'ACAB', bindings: [egressor([member])] });
      expect(answer).toMatchObject({ status: 400, body: { error: { status: 'INVALID_ARGUMENT' } } });
    });
  });

  it.each([
    `principal://${domain}/${engine}`,
    `principalSet://${domain}/*`,
    `principalSet://${domain}/attribute.platform/aiplatform`,
    `principalSet://${domain}/attribute.platformContainer/aiplatform/projects/101010`,
    'serviceAccount:a@b.iam.gserviceaccount.com',
    'group:team@example.com',
  ])('accept %s', async (member) => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      expect((await write(call, endpointOf(emulator), { etag: 'ACAB', bindings: [egressor([member])] })).status).toBe(
        200,
      );
    });
  });

  it('hold 1,500 principals and not one more, counting every occurrence', async () => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      const members = Array.from({ length: 1500 }, (_, index) => `user:u${index}@example.com`);
      const more = egressor(['user:u1@example.com'], CONDITION);
      const resource = endpointOf(emulator);
      expect((await write(call, resource, { version: 3, bindings: [egressor(members), more] })).status).toBe(400);
      expect((await write(call, resource, { version: 3, bindings: [egressor(members)] })).status).toBe(200);
    });
  });

  it('name the missing permission, and testIamPermissions leaves it out', async () => {
    const denied = ['iap.webServiceVersions.setIamPolicy'];
    await withEmulator(baseWorld({ services, denied }), async (emulator, call) => {
      const resource = endpointOf(emulator);
      const answer = await write(call, resource, { bindings: [] });
      expect(answer).toMatchObject({ status: 403, body: { error: { status: 'PERMISSION_DENIED' } } });
      expect(JSON.stringify(answer.body)).toContain(
        "Permission 'iap.webServiceVersions.setIamPolicy' denied on resource '//iap.googleapis.com/projects/101010/",
      );
      const permissions = ['iap.webServiceVersions.getIamPolicy', 'iap.webServiceVersions.setIamPolicy'];
      const tested = await call('POST', `${resource}:testIamPermissions`, { permissions });
      expect(tested.body).toEqual({ permissions: ['iap.webServiceVersions.getIamPolicy'] });
    });
  });

  it('have switches for what differs between reports', async () => {
    await withEmulator(baseWorld({ services }), async (emulator, call) => {
      emulator.world.set({
        iap: { principalSetOnResource: 'rejected', otherRoles: 'rejected', unknownResource: 'accepted' },
      });
      const set = [egressor([`principalSet://${domain}/*`])];
      expect((await write(call, endpointOf(emulator), { bindings: set })).status).toBe(400);
      expect((await write(call, REGISTRY, { bindings: set })).status).toBe(200);
      expect(
        (await write(call, REGISTRY, { bindings: [{ role: 'roles/iap.admin', members: ['user:a@b.com'] }] })).status,
      ).toBe(400);
      expect((await read(call, `${REGISTRY}/endpoints/example-api`)).body).toEqual({ etag: 'ACAB' });
    });
  });
});
