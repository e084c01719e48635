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
} from './helpers.js';

const PATCH_A = `${ENGINES}/${ENGINE_A}?${BINDING_MASK}`;
const PATCH_B = `${ENGINES}/${ENGINE_B}?${BINDING_MASK}`;

describe('the slot that bound engines of a project and region share', () => {
  it('ends with code 13 when a sibling is bound to another gateway, also when both updates race', async () => {
    const gateways = [...(baseWorld().gateways ?? []), { id: 'other', path: 'egress' as const }];
    await withEmulator(baseWorld({ gateways }), async (emulator, call) => {
      await call('PATCH', PATCH_A, binding(EGRESS));
      const second = await call('PATCH', PATCH_B, binding(EGRESS.replace('egress', 'other')));
      emulator.world.advance(60_000);
      const ended = await call('GET', `aiplatform/v1/${String(second.body.name)}`);
      expect(ended.body).toMatchObject({
        done: true,
        error: { code: 13, message: expect.stringContaining('troubleshooting pages') },
      });
      expect(await configOf(call, ENGINE_B)).toBeUndefined();
      emulator.world.set({ aiplatform: { secondGateway: 'sync' } });
      expect((await call('PATCH', PATCH_B, binding(EGRESS.replace('egress', 'other')))).status).toBe(500);
    });
  });

  it('keeps the slot of a gateway taken for a while after the last engine left', async () => {
    const gateways = [...(baseWorld().gateways ?? []), { id: 'other', path: 'egress' as const }];
    const settings = { aiplatform: { slotReleaseMs: 600_000 } };
    await withEmulator(baseWorld({ gateways, settings }), async (emulator, call) => {
      emulator.world.bind(ENGINE_A, { egress: 'egress' });
      emulator.world.bind(ENGINE_A, null);
      const other = binding(EGRESS.replace('egress', 'other'));
      const early = await call('PATCH', PATCH_A, other);
      emulator.world.advance(60_000);
      expect((await call('GET', `aiplatform/v1/${String(early.body.name)}`)).body).toHaveProperty('error');
      emulator.world.advance(600_000);
      await call('PATCH', PATCH_A, other);
      emulator.world.advance(60_000);
      expect(await configOf(call)).toBeDefined();
    });
  });

  it('can be taken in the words and with the status of other reports, at once or by the operation', async () => {
    const gateways = [...(baseWorld().gateways ?? []), { id: 'other', path: 'egress' as const }];
    const secondGatewayMessage =
      'Another Agent Gateway is already active or being created for this project and direction.';
    const aiplatform = { secondGatewayMessage, secondGatewayStatus: 'FAILED_PRECONDITION' as const };
    await withEmulator(baseWorld({ gateways, settings: { aiplatform } }), async (emulator, call) => {
      emulator.world.bind(ENGINE_A, { egress: 'egress' });
      const other = binding(EGRESS.replace('egress', 'other'));
      const { body } = await call('PATCH', PATCH_B, other);
      emulator.world.advance(60_000);
      expect((await call('GET', `aiplatform/v1/${String(body.name)}`)).body).toMatchObject({
        error: { code: 9, message: secondGatewayMessage },
      });
      emulator.world.set({ aiplatform: { secondGateway: 'sync' } });
      expect(await call('PATCH', PATCH_B, other)).toMatchObject({
        status: 400,
        body: { error: { status: 'FAILED_PRECONDITION', message: secondGatewayMessage } },
      });
    });
  });

  it('is free from the moment on at which it is, whenever somebody looks', async () => {
    const gateways = [...(baseWorld().gateways ?? []), { id: 'other', path: 'egress' as const }];
    const settings = { operations: { engineUpdateMs: 10_000 }, aiplatform: { slotReleaseMs: 15_000 } };
    await withEmulator(baseWorld({ gateways, settings }), async (emulator, call) => {
      emulator.world.bind(ENGINE_A, { egress: 'egress' });
      await call('PATCH', PATCH_A, binding());
      emulator.world.advance(12_000);
      // The engine has left after 10 s, so the slot is free after 25 s; this update ends after 22 s.
      const early = await call('PATCH', PATCH_B, binding(EGRESS.replace('egress', 'other')));
      emulator.world.advance(600_000);
      expect((await call('GET', `aiplatform/v1/${String(early.body.name)}`)).body).toHaveProperty('error');
    });
  });
});
