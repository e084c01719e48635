import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../emulator/index.js';
import { baseWorld, ENGINE_A, failureOf, PLACE, SERVICES, withEmulator, type Call } from './helpers.js';

const SERVICE = `${SERVICES}/example-api`;
const UUID = '0f3b8a52-5d6e-4d53-9e19-2f6a3b1c4d5e';
const OTHER_UUID = '5a1c7d94-2b3e-4f60-8a71-9c0d1e2f3a4b';
const world = (more: Partial<WorldInput> = {}): WorldInput =>
  baseWorld({
    services: [{ id: 'example-api', urls: ['https://a.example.com'], policy: [{ members: [`engine:${ENGINE_A}`] }] }],
    ...more,
  });
const remove = (call: Call, id?: string): ReturnType<Call> =>
  call('DELETE', id === undefined ? SERVICE : `${SERVICE}?requestId=${id}`);
const policyOf = (resource: string, call: Call): ReturnType<Call> =>
  call(
    'POST',
    `iap/v1/projects/101010/locations/us-central1/iap_web/agentRegistry/endpoints/${resource}:getIamPolicy`,
    {},
  );

describe('services.delete', () => {
  it('is an operation with an empty response; until it ends everything is there, then nothing is', async () => {
    await withEmulator(world(), async (emulator, call) => {
      emulator.world.set({ operations: { serviceMs: 60_000 } });
      const { resourceId } = emulator.world.service('example-api');
      const endpoint = `agentregistry/v1/${PLACE}/endpoints/${resourceId}`;
      const started = await remove(call);
      expect(started.body).toMatchObject({
        done: false,
        metadata: { verb: 'delete', target: `${PLACE}/services/example-api` },
      });
      for (const path of [SERVICE, endpoint]) expect((await call('GET', path)).status).toBe(200);
      expect((await policyOf(resourceId, call)).body).toHaveProperty('bindings');
      emulator.world.advance(60_000);
      expect((await call('GET', `agentregistry/v1/${String(started.body.name)}`)).body).toMatchObject({
        done: true,
        response: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
      });
      for (const path of [SERVICE, endpoint]) expect((await call('GET', path)).status).toBe(404);
      expect((await policyOf(resourceId, call)).status).toBe(404);
      expect((await remove(call)).status).toBe(404);
    });
  });

  it('answers a repeated requestId with the same operation, also when the service is gone', async () => {
    await withEmulator(world(), async (emulator, call) => {
      const first = await remove(call, UUID);
      emulator.world.advance(1000);
      expect(await remove(call, UUID)).toMatchObject({ status: 200, body: { name: first.body.name, done: true } });
      expect((await remove(call, OTHER_UUID)).status).toBe(404);
    });
  });

  it('takes what was there when it began: not what was made anew meanwhile', async () => {
    await withEmulator(world(), async (emulator, call) => {
      await remove(call, UUID);
      emulator.world.set({ operations: { serviceMs: 5000 } });
      const late = await remove(call, OTHER_UUID);
      emulator.world.advance(1000);
      emulator.world.addService({ id: 'example-api', urls: ['https://a.example.com'] });
      emulator.world.advance(6000);
      expect((await call('GET', `agentregistry/v1/${String(late.body.name)}`)).body).toMatchObject({
        done: true,
        error: { code: 5 },
      });
      expect(emulator.world.services()).toEqual(['example-api']);
    });
  });

  it('needs agentregistry.services.delete', async () => {
    await withEmulator(world({ denied: ['agentregistry.services.delete'] }), async (emulator, call) => {
      expect(await remove(call)).toMatchObject({
        status: 403,
        body: { error: { details: [{ metadata: { permission: 'agentregistry.services.delete' } }] } },
      });
      expect(emulator.world.services()).toEqual(['example-api']);
    });
  });

  it('can lose its answer after the commit, and its operation can vanish', async () => {
    await withEmulator(world(), async (emulator, call) => {
      const match = { api: 'agentregistry', method: 'DELETE' } as const;
      emulator.faults.add([
        { id: 'reset', kind: 'reset', at: 'after', match, when: { first: 1 } },
        { id: 'vanish', kind: 'operation-vanishes', match },
      ]);
      await expect(failureOf(remove(call, UUID))).resolves.toMatch(/RESET|SOCKET/);
      const again = await remove(call, UUID);
      expect(again.status).toBe(200);
      expect((await call('GET', `agentregistry/v1/${String(again.body.name)}`)).status).toBe(404);
      emulator.world.advance(1000);
      expect(emulator.world.services()).toEqual([]);
    });
  });
});

describe('members of an engine that is deleted', () => {
  it.each([
    ['kept', (principal: string) => principal],
    ['marked-deleted', (principal: string) => `deleted:${principal}?uid=${ENGINE_A}`],
  ] as const)('stay behind in policies: %s', async (goneMembers, nameOf) => {
    await withEmulator(world({ settings: { iap: { goneMembers } } }), async (emulator, call) => {
      const { principal } = emulator.world.engine(ENGINE_A);
      const { resourceId } = emulator.world.service('example-api');
      emulator.world.removeEngine(ENGINE_A);
      expect((await policyOf(resourceId, call)).body).toMatchObject({
        bindings: [{ members: [nameOf(principal)] }],
      });
    });
  });
});
