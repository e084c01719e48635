import { describe, expect, it } from '@jest/globals';
import type { SettingsInput } from '../../emulator/index.js';
import { withEmulator, type Call, type Json } from './helpers.js';
import { AGENT_A, binding, bindPolicy, BINDINGS, createPolicy, errorOf, MISSING, v2World } from './iam-helpers.js';

const SINGULAR = 'iam.managed.disableAccessPolicyBinding';
const PLURAL = `${SINGULAR}s`;
const CREATE = `${BINDINGS}?policyBindingId=agent-egress`;
const accessPolicies = [{ id: 'agent-egress', rules: [{ principals: [AGENT_A] }] }];
const details = (constraint: string): Json[] => [
  {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'CUSTOM_ORG_POLICY_VIOLATION',
    domain: 'googleapis.com',
    metadata: { customConstraints: `constraints/${constraint}`, resource: 'projects/acme-agents' },
  },
];
const violation = errorOf(400, 'FAILED_PRECONDITION', { details: details(SINGULAR) });

const effective = async (call: Call, constraint: string): Promise<unknown> => {
  const path = `orgpolicy/v2/projects/acme-agents/policies/${constraint}:getEffectivePolicy`;
  const { status, body } = await call('GET', path);
  return status === 200 ? ((body.spec as Json).rules as Json[])[0]?.enforce : status;
};
const world = (iam: SettingsInput['iam'] = {}, constraint = SINGULAR, on = 'organizations/5550001') =>
  v2World({ accessPolicies, settings: { iam }, orgPolicies: [{ on, constraint, enforce: true }] });

describe('the managed constraint against bindings', () => {
  it.each(['organizations/5550001', 'folders/77', 'projects/acme-agents'])('refuses them below %s', async (on) => {
    await withEmulator(world({}, SINGULAR, on), async (emulator, call) => {
      expect(await effective(call, SINGULAR)).toBe(true);
      expect(await call('POST', CREATE, binding())).toMatchObject(violation);
      expect((await createPolicy(emulator, call, undefined, 'other')).body).toHaveProperty('response');
    });
  });

  it('gives way to a policy of the project, once that has propagated', async () => {
    await withEmulator(world(), async (emulator, call) => {
      emulator.world.set({ orgPolicy: { propagationMs: 60_000 } });
      const name = `projects/acme-agents/policies/${SINGULAR}`;
      const off = { name, spec: { rules: [{ enforce: false }] } };
      expect((await call('POST', 'orgpolicy/v2/projects/acme-agents/policies', off)).status).toBe(200);
      expect(await call('POST', CREATE, binding())).toMatchObject(violation);
      emulator.world.advance(60_000);
      expect((await call('POST', CREATE, binding())).status).toBe(200);
    });
  });

  it.each([
    ['singular', false, 404],
    ['plural', 404, false],
    ['both', false, false],
  ] as const)('is spelt %s by a switch; the other spelling does not exist', async (managedConstraint, one, other) => {
    await withEmulator(v2World({ settings: { iam: { managedConstraint } } }), async (_, call) => {
      expect([await effective(call, SINGULAR), await effective(call, PLURAL)]).toEqual([one, other]);
      const missing = [one === 404 ? SINGULAR : PLURAL].filter(() => managedConstraint !== 'both');
      for (const constraint of missing) {
        const body = { name: `projects/acme-agents/policies/${constraint}`, spec: { rules: [{ enforce: false }] } };
        expect(await call('POST', 'orgpolicy/v2/projects/acme-agents/policies', body)).toMatchObject(MISSING);
      }
    });
  });

  it('works in the plural too', async () => {
    await withEmulator(world({ managedConstraint: 'plural' }, PLURAL), async (_, call) => {
      const refused = errorOf(400, 'FAILED_PRECONDITION', { details: details(PLURAL) });
      expect(await call('POST', CREATE, binding())).toMatchObject(refused);
    });
    await expect(withEmulator(world({}, PLURAL), () => Promise.resolve())).rejects.toThrow(
      'there is no such constraint (settings.iam.managedConstraint)',
    );
  });

  it('may be on where nobody has set it, as in new organizations', async () => {
    const settings: SettingsInput = { iam: { managedConstraintDefault: 'enforced' } };
    await withEmulator(v2World({ accessPolicies, settings }), async (_, call) => {
      expect(await effective(call, SINGULAR)).toBe(true);
      expect(await effective(call, 'iam.managed.disableServiceAccountKeyCreation')).toBe(false);
      expect(await call('POST', CREATE, binding())).toMatchObject(violation);
    });
  });

  it('may speak at the end of the operation, or in the message alone', async () => {
    await withEmulator(world({ constraintViolation: 'lro' }), async (emulator, call) => {
      const { body } = await bindPolicy(emulator, call);
      expect(body).toMatchObject({ done: true, error: { code: 9, details: details(SINGULAR) } });
      expect((await call('GET', BINDINGS)).body).toEqual({});
      emulator.world.set({ iam: { constraintViolation: 'sync', errorNames: 'message' } });
      const { error } = (await call('POST', CREATE, binding())).body as { error: Json };
      expect(error).toEqual({
        code: 400,
        status: 'FAILED_PRECONDITION',
        message: `CUSTOM_ORG_POLICY_VIOLATION: Operation violates organization policy constraint 'constraints/${SINGULAR}'`,
      });
    });
  });
});
