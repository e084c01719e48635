import { describe, expect, it } from '@jest/globals';
import type { Emulator } from '../../emulator/index.js';
import { ENGINE_A, withEmulator } from './helpers.js';
import {
  AGENT_A,
  BINDINGS,
  bindPolicy,
  conditionOf,
  createPolicy,
  done,
  POLICIES,
  policy,
  rule,
  v2World,
} from './iam-helpers.js';

const ITEM = `${POLICIES}/agent-egress`;
const settings = { iam: { propagationMs: 90_000 } };

const allowed = (emulator: Emulator, host = 'api.example.com'): boolean =>
  emulator.decide(emulator.world.engine(ENGINE_A).principal, host).allowed;
/** Lets a change that was made at most ten seconds ago reach the gateways, and looks before and after. */
const across = (emulator: Emulator, host?: string): boolean[] => {
  emulator.world.advance(75_000);
  const before = allowed(emulator, host);
  emulator.world.advance(15_000);
  return [before, allowed(emulator, host)];
};

describe('a change of access policies reaches gateways after a while', () => {
  it('policy, binding, rule, and the end of each', async () => {
    await withEmulator(v2World({ settings }), async (emulator, call) => {
      await createPolicy(emulator, call);
      await bindPolicy(emulator, call);
      expect(across(emulator)).toEqual([false, true]);

      const other = rule({ conditions: conditionOf("destination.unregistered.host == 'b.example.com'") });
      await done(emulator, call, 'PATCH', ITEM, policy({}, [other]));
      expect(allowed(emulator)).toBe(true);
      expect(across(emulator)).toEqual([true, false]);
      expect(allowed(emulator, 'b.example.com')).toBe(true);

      await done(emulator, call, 'DELETE', `${BINDINGS}/agent-egress`);
      expect(across(emulator, 'b.example.com')).toEqual([true, false]);

      await bindPolicy(emulator, call);
      expect(across(emulator, 'b.example.com')).toEqual([false, true]);
      await done(emulator, call, 'DELETE', `${ITEM}?force=true`);
      expect(across(emulator, 'b.example.com')).toEqual([true, false]);
    });
  });

  it('what the world begins with counts at once, what somebody changes later does not', async () => {
    const expression = "destination.unregistered.host == 'api.example.com'";
    const mine = { principals: [AGENT_A], condition: expression };
    const accessPolicies = [{ id: 'agent-egress', rules: [mine], boundTo: ['projects/acme-agents'] }];
    await withEmulator(v2World({ settings, accessPolicies }), async (emulator) => {
      expect(allowed(emulator)).toBe(true);
      emulator.world.accessPolicies.addRule('agent-egress', { ...mine, effect: 'DENY' });
      expect(allowed(emulator)).toBe(true);
      emulator.world.advance(90_000);
      expect(allowed(emulator)).toBe(false);
      await Promise.resolve();
    });
  });

  it('is at once when nothing else is said', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call);
      expect(allowed(emulator)).toBe(false);
      await bindPolicy(emulator, call);
      expect(allowed(emulator)).toBe(true);
    });
  });
});
