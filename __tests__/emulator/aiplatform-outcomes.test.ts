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
  withEmulator,
  type Json,
} from './helpers.js';

const PATCH_A = `${ENGINES}/${ENGINE_A}?${BINDING_MASK}`;
const PATCH_B = `${ENGINES}/${ENGINE_B}?${BINDING_MASK}`;

describe('outcomes of an update', () => {
  it('can end well with a binding that stays null', async () => {
    const settings = { engineUpdate: { outcome: 'null-binding' as const } };
    await withEmulator(baseWorld({ settings }), async (emulator, call) => {
      const { body } = await call('PATCH', PATCH_A, binding(EGRESS));
      emulator.world.advance(60_000);
      const ended = await call('GET', `aiplatform/v1/${String(body.name)}`);
      expect(ended.body).toMatchObject({ done: true, response: {} });
      expect(await configOf(call)).toBeUndefined();
    });
  });

  it('can fail one engine, once', async () => {
    const engines = { 'Support agent': { code: 3, message: 'The Reasoning Engine failed to be updated' } };
    await withEmulator(baseWorld({ settings: { engineUpdate: { engines, times: 1 } } }), async (emulator, call) => {
      const failing = await call('PATCH', PATCH_A, binding(EGRESS));
      await call('PATCH', PATCH_B, binding(EGRESS));
      emulator.world.advance(60_000);
      expect((await call('GET', `aiplatform/v1/${String(failing.body.name)}`)).body).toMatchObject({
        error: { code: 3 },
      });
      expect(await configOf(call, ENGINE_B)).toBeDefined();
      await call('PATCH', PATCH_A, binding(EGRESS));
      emulator.world.advance(60_000);
      expect(await configOf(call)).toBeDefined();
      emulator.world.set({ engineUpdate: { outcome: 'null-binding' } });
      await call('PATCH', PATCH_B, binding(EGRESS));
      emulator.world.advance(60_000);
      expect(await configOf(call, ENGINE_B)).toBeUndefined();
    });
  });

  it('waits with :wait, cancels with :cancel, and lets finished operations vanish', async () => {
    const settings = { operations: { engineUpdateMs: 80 } };
    await withEmulator(baseWorld({ settings }), async (emulator, call) => {
      const first = await call('PATCH', PATCH_A, binding(EGRESS));
      emulator.interceptors.push({
        before: ({ query }) => {
          // Ends while it is being waited for.
          if (query.timeout === '5s') setImmediate(() => emulator.world.advance(80));
          return undefined;
        },
      });
      const waited = await call('POST', `aiplatform/v1/${String(first.body.name)}:wait?timeout=5s`);
      expect(waited.body).toMatchObject({ done: true });
      emulator.world.set({ operations: { finished: 'vanish' } });
      expect((await call('GET', `aiplatform/v1/${String(first.body.name)}`)).status).toBe(404);
      emulator.world.set({ operations: { finished: 'kept', engineUpdateMs: 60_000 } });
      const second = await call('PATCH', PATCH_A, binding());
      expect(
        (await call('POST', `aiplatform/v1/${String(second.body.name)}:wait?timeout=0.05s`)).body,
      ).not.toHaveProperty('done');
      await call('POST', `aiplatform/v1/${String(second.body.name)}:cancel`);
      expect((await call('GET', `aiplatform/v1/${String(second.body.name)}`)).body).toMatchObject({
        done: true,
        error: { code: 1 },
      });
      expect(await configOf(call)).toBeDefined();
    });
  });

  it('has the update of the world running, and the failed one listed', async () => {
    const engines = [
      { id: ENGINE_A, displayName: 'a', running: { forMs: 30_000, egress: 'egress' } },
      { id: ENGINE_B, displayName: 'b', lastUpdateError: { code: 13, message: 'no' } },
    ];
    await withEmulator(baseWorld({ engines }), async (emulator, call) => {
      expect((await call('PATCH', PATCH_A, binding(EGRESS))).status).toBe(400);
      emulator.world.advance(30_000);
      expect(await configOf(call)).toEqual({ agentToAnywhereConfig: { agentGateway: EGRESS } });
      const { body } = await call('GET', `${ENGINES}/${ENGINE_B}/operations`);
      expect(body.operations).toMatchObject([{ done: true, error: { code: 13 } }]);
    });
  });

  it('has a write quota that names when to come back', async () => {
    const settings = { aiplatform: { writeQuota: { enabled: true, perMinute: 1 } } };
    await withEmulator(baseWorld({ settings }), async (emulator, call) => {
      expect((await call('PATCH', PATCH_A, binding(EGRESS))).status).toBe(200);
      const second = await call('PATCH', PATCH_B, binding(EGRESS));
      expect(second).toMatchObject({ status: 429, body: { error: { status: 'RESOURCE_EXHAUSTED' } } });
      expect(JSON.stringify(second.body)).toMatch(/"retryDelay":"\d+s"/);
      emulator.world.advance(60_000);
      expect((await call('PATCH', PATCH_B, binding(EGRESS))).status).toBe(200);
    });
  });
});

describe('creating and deleting engines', () => {
  it('creates by operation, with a new identity, bound when the body says so', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const spec = { ...(binding(EGRESS).spec as Json), identityType: 'AGENT_IDENTITY' };
      expect((await call('POST', ENGINES, { spec })).status).toBe(400);
      const { body } = await call('POST', ENGINES, { displayName: 'New', spec });
      const name = String(body.name).replace(/\/operations\/.*/, '');
      expect((await call('GET', `aiplatform/v1/${name}`)).status).toBe(404);
      emulator.world.advance(60_000);
      const created = await call('GET', `aiplatform/v1/${name}`);
      expect(created.body).toMatchObject({
        name,
        spec: { effectiveIdentity: expect.stringContaining('agents.global.org-5550001') },
      });
      expect(emulator.world.engine('New').binding.egress).toBe(EGRESS);
    });
  });

  it('deletes by operation, with force when there are sessions', async () => {
    const engines = [{ id: ENGINE_A, displayName: 'a', hasChildren: true }];
    await withEmulator(baseWorld({ engines }), async (emulator, call) => {
      expect((await call('DELETE', `${ENGINES}/${ENGINE_A}`)).status).toBe(400);
      expect((await call('DELETE', `${ENGINES}/${ENGINE_A}?force=true`)).status).toBe(200);
      emulator.world.advance(60_000);
      expect((await call('GET', `${ENGINES}/${ENGINE_A}`)).status).toBe(404);
    });
  });

  it('gives a re-created engine a new principal', async () => {
    await withEmulator(baseWorld(), async (emulator) => {
      const before = emulator.world.engine('Support agent');
      const after = emulator.world.recreateEngine('Support agent');
      expect(after.principal).not.toBe(before.principal);
      await Promise.resolve();
    });
  });
});
