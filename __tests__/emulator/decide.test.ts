import { describe, expect, it } from '@jest/globals';
import type { Decision, Emulator, WorldInput } from '../../emulator/index.js';
import { baseWorld, ENGINE_A, ENGINE_B, withEmulator } from './helpers.js';

const HOST = 'api.example.com';
const engines = [
  { id: ENGINE_A, displayName: 'Support agent', egress: 'egress' },
  { id: ENGINE_B, displayName: 'Billing agent', egress: 'egress' },
];
const services = [{ id: 'example-api', urls: [`https://${HOST}`] }];
const granted = [{ ...services[0], id: 'example-api', policy: [{ members: [`engine:${ENGINE_A}`] }] }];
const SET = 'principalSet://agents.global.org-5550001.system.id.goog';

const ask = async (
  more: Partial<WorldInput>,
  host = HOST,
  change?: (emulator: Emulator) => void,
): Promise<Decision> => {
  let decision: Decision | undefined;
  await withEmulator(baseWorld({ engines, services, ...more }), async (emulator) => {
    change?.(emulator);
    decision = emulator.decide(emulator.world.engine(ENGINE_A).principal, host);
    await Promise.resolve();
  });
  if (decision === undefined) throw new Error('no decision');
  return decision;
};

describe('may this agent reach this host?', () => {
  it('yes, but ungoverned, when the engine is not bound', async () => {
    const free = [{ id: ENGINE_A, displayName: 'a' }];
    expect(await ask({ engines: free })).toMatchObject({ allowed: true, enforced: false, reason: 'not-bound' });
    const ingress = [{ id: ENGINE_A, displayName: 'a', ingress: 'ingress' }];
    expect(await ask({ engines: ingress })).toMatchObject({ reason: 'not-bound' });
  });

  it('no, when nobody has that identity', async () => {
    await withEmulator(baseWorld(), async (emulator) => {
      const gone = emulator.world.engine(ENGINE_A).principal;
      emulator.world.recreateEngine(ENGINE_A);
      expect(emulator.decide(gone, HOST)).toMatchObject({ allowed: false, reason: 'unknown-principal' });
      await Promise.resolve();
    });
  });

  it('only with a grant', async () => {
    expect(await ask({})).toMatchObject({ allowed: false, enforced: true, reason: 'no-grant' });
    const decision = await ask({ services: granted });
    expect(decision).toMatchObject({ allowed: true, enforced: true, reason: 'granted' });
    expect(decision.trail.length).toBeGreaterThan(1);
  });

  it.each(['other.example.com', `${HOST}:443`, 'example.com', 'v1.api.example.com'])(
    'not under the host %s, which is another one',
    async (host) => {
      expect(await ask({ services: granted }, host)).toMatchObject({ allowed: false, reason: 'not-registered' });
    },
  );

  it('with the port when the port is registered', async () => {
    const withPort = [{ ...granted[0], id: 'example-api', urls: [`https://${HOST}:443`] }];
    expect(await ask({ services: withPort }, `${HOST}:443`)).toMatchObject({ reason: 'granted' });
    expect(await ask({ services: withPort })).toMatchObject({ reason: 'not-registered' });
  });

  it('only through a registry that is attached to the gateway', async () => {
    const gateways = [{ id: 'egress', path: 'egress' as const, registries: ['global'] }];
    expect(await ask({ services: granted, gateways })).toMatchObject({ allowed: false, reason: 'not-registered' });
    const both = [{ id: 'egress', path: 'egress' as const, registries: ['global', 'us-central1'] }];
    expect(await ask({ services: granted, gateways: both })).toMatchObject({ reason: 'granted' });
  });

  it.each([
    `${SET}/*`,
    `${SET}/attribute.platform/aiplatform`,
    `${SET}/attribute.platformContainer/aiplatform/projects/101010`,
  ])('as one of %s', async (member) => {
    const all = [{ id: 'example-api', urls: [`https://${HOST}`], policy: [{ members: [member] }] }];
    expect(await ask({ services: all })).toMatchObject({ allowed: true, reason: 'granted' });
  });

  it('not as one of another project', async () => {
    const member = `${SET}/attribute.platformContainer/aiplatform/projects/202020`;
    const other = [{ id: 'example-api', urls: [`https://${HOST}`], policy: [{ members: [member] }] }];
    expect(await ask({ services: other })).toMatchObject({ allowed: false, reason: 'no-grant' });
  });

  it('through a registry-wide grant until the entry has a policy of its own', async () => {
    const policies = [{ on: 'registry', bindings: [{ members: [`engine:${ENGINE_A}`] }] }];
    expect(await ask({ policies })).toMatchObject({ allowed: true, reason: 'granted' });
    const cutOff = await ask({ policies }, HOST, (emulator) =>
      emulator.world.addMember('service:example-api', `engine:${ENGINE_B}`),
    );
    expect(cutOff).toMatchObject({ allowed: false, reason: 'no-grant' });
    expect(cutOff.trail.join(' ')).toContain('replaces the registry-wide one');
  });

  it('no, without an authorization policy, unless the switch says that nothing is enforced then', async () => {
    const bare = { authzPolicies: [], services: granted };
    expect(await ask(bare)).toMatchObject({ allowed: false, enforced: true, reason: 'no-authorization-policy' });
    const open = { ...bare, settings: { gateway: { withoutPolicy: 'allowed' as const } } };
    expect(await ask(open)).toMatchObject({ allowed: true, enforced: false });
  });

  it('no, when only content is authorized or the extension is gone', async () => {
    const content = [{ id: 'p', gateways: ['egress'], extension: 'iap-authz', profile: 'CONTENT_AUTHZ' as const }];
    expect(await ask({ authzPolicies: content })).toMatchObject({ reason: 'no-authorization-policy' });
    expect(await ask({ extensions: [] })).toMatchObject({ allowed: false, reason: 'extension-missing' });
  });

  it('no under V2 without access policies, whatever was granted', async () => {
    const extensions = [{ id: 'iap-authz', policyVersion: 'V2' as const }];
    expect(await ask({ extensions, services: granted })).toMatchObject({
      allowed: false,
      reason: 'no-rule',
      model: 'V2',
    });
  });

  it('yes under DRY_RUN, and says what enforcement would have answered', async () => {
    const extensions = [{ id: 'iap-authz', enforcement: 'DRY_RUN' as const }];
    expect(await ask({ extensions })).toMatchObject({ allowed: true, enforced: false, reason: 'no-grant' });
  });

  it('depends on failOpen when IAP does not answer', async () => {
    const settings = { gateway: { extensionAvailable: false } };
    expect(await ask({ settings, services: granted })).toMatchObject({
      allowed: false,
      reason: 'extension-unavailable',
    });
    const extensions = [{ id: 'iap-authz', failOpen: true }];
    expect(await ask({ settings, extensions })).toMatchObject({ allowed: true, enforced: false });
    expect(await ask({ extensions })).toMatchObject({ allowed: false, enforced: true, reason: 'no-grant' });
  });

  it.each([
    ['request.time < timestamp("2040-01-01T00:00:00Z")', 'granted'],
    ['request.time < timestamp("2020-01-01T00:00:00Z")', 'condition-false'],
    ["api.getAttribute('iap.googleapis.com/mcp.toolName', '') == ''", 'granted'],
    ["api.getAttribute('iap.googleapis.com/mcp.toolName', '') in ['refund', 'pay']", 'condition-false'],
    ["!(api.getAttribute('iap.googleapis.com/mcp.method', 'x') != 'x') && (true || false)", 'granted'],
    ['request.auth.type == "MCP"', 'condition-unknown'],
    ['destination.ip.startsWith("10.")', 'condition-unknown'],
    ['not an expression', 'condition-unknown'],
  ])('under the condition %s: %s', async (expression, reason) => {
    const policy = [{ members: [`engine:${ENGINE_A}`], condition: { title: 'c', expression } }];
    const decision = await ask({ services: [{ id: 'example-api', urls: [`https://${HOST}`], policy }] });
    expect(decision).toMatchObject({ reason, allowed: reason === 'granted' });
  });

  it('looks no further when the gateway is gone', async () => {
    expect(await ask({}, HOST, (emulator) => emulator.world.removeNetworking('gateways', 'egress'))).toMatchObject({
      allowed: false,
      reason: 'gateway-missing',
    });
  });
});
