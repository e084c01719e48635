import { describe, expect, it } from '@jest/globals';
import type { Emulator, WorldInput } from '../../emulator/index.js';
import { ENGINE_A, ENGINE_B, PLACE, withEmulator } from './helpers.js';
import { AGENT_A, AGENT_B, EVERY_AGENT, TRUST_DOMAIN, v2World } from './iam-helpers.js';
import { ALLOWED, allow, ask, DENIED, deny, HOST, when } from './decide-helpers.js';

describe('under access policies (V2)', () => {
  it('an ALLOW rule permits, and the answer says which', async () => {
    const rules = [
      when("destination.unregistered.host == 'x'"),
      allow({ services: ['example-api'], description: 'Support' }),
    ];
    const decision = await ask({ rules });
    expect(decision).toMatchObject({
      ...ALLOWED,
      rule: {
        policy: 'projects/101010/locations/global/accessPolicies/egress',
        index: 1,
        effect: 'ALLOW',
        description: 'Support',
      },
    });
    expect(decision.trail.at(-1)).toBe(
      'ALLOW rule 1 of projects/101010/locations/global/accessPolicies/egress (Support) matches.',
    );
    expect(await ask({ rules, engine: ENGINE_B })).toMatchObject(DENIED);
    expect(await ask({ rules, host: 'other.example.com' })).toMatchObject(DENIED);
    expect(await ask({ rules, host: `${HOST}:443` })).toMatchObject(DENIED);
  });

  it('nothing is allowed by default, whatever V1 grants say', async () => {
    const granted = [{ id: 'example-api', urls: [`https://${HOST}`], policy: [{ members: [AGENT_A] }] }];
    const decision = await ask({ world: { services: granted } });
    expect(decision).toMatchObject(DENIED);
    expect(decision).not.toHaveProperty('rule');
    expect(decision.trail.join(' ')).toContain('egressor grants are inert');
    const v1 = { services: granted, extensions: [{ id: 'iap-authz', policyVersion: 'V1' as const }] };
    expect(await ask({ world: v1 })).toMatchObject({ allowed: true, model: 'V1', reason: 'granted' });
  });

  it('a DENY rule wins, before, after or above any ALLOW', async () => {
    const denied = { allowed: false, reason: 'denied-by-rule', rule: { effect: 'DENY' } };
    expect(await ask({ rules: [allow(), deny()] })).toMatchObject({ ...denied, rule: { index: 1 } });
    expect(await ask({ rules: [deny(), allow()] })).toMatchObject({ ...denied, rule: { index: 0 } });
    for (const on of ['folders/77', 'organizations/5550001']) {
      const accessPolicies: WorldInput['accessPolicies'] = [
        { id: 'egress', rules: [allow()], boundTo: ['projects/acme-agents'] },
        { id: 'guardrail', on, rules: [deny({ principals: [EVERY_AGENT] })], boundTo: [on] },
      ];
      const policy = `${on}/locations/global/accessPolicies/guardrail`;
      expect(await ask({ world: { accessPolicies } })).toMatchObject({ ...denied, rule: { policy, index: 0 } });
    }
    expect(await ask({ rules: [allow(), deny({ principals: [AGENT_B] })] })).toMatchObject(ALLOWED);
  });

  it('an ALLOW rule above permits too, and one that is not bound does not', async () => {
    const above = { id: 'shared', on: 'organizations/5550001', rules: [allow()] };
    const bound = [{ ...above, boundTo: ['organizations/5550001'] }];
    expect(await ask({ world: { accessPolicies: bound } })).toMatchObject(ALLOWED);
    const toProject = [{ ...above, boundTo: ['projects/acme-agents'] }];
    expect(await ask({ world: { accessPolicies: toProject } })).toMatchObject(ALLOWED);
    expect(await ask({ world: { accessPolicies: [above] } })).toMatchObject(DENIED);
    expect(await ask({ rules: [allow()], change: ({ world }) => world.accessPolicies.unbind('egress') })).toMatchObject(
      DENIED,
    );
    expect(await ask({ rules: [allow()], change: ({ world }) => world.accessPolicies.remove('egress') })).toMatchObject(
      DENIED,
    );
  });

  it("counts the policies of the gateway's project, not of the engine's", async () => {
    const world = (on: string): Partial<WorldInput> => ({
      projects: [
        { id: 'acme-agents', number: '101010', organization: '5550001' },
        { id: 'acme-gw', number: '202020', organization: '5550001' },
      ],
      gateways: [{ id: 'egress', path: 'egress', project: 'acme-gw' }],
      extensions: [{ id: 'iap-authz', policyVersion: 'V2', project: 'acme-gw' }],
      authzPolicies: [{ id: 'authz', gateways: ['egress'], extension: 'iap-authz', project: 'acme-gw' }],
      services: [{ id: 'example-api', urls: [`https://${HOST}`], project: 'acme-gw' }],
      engines: [
        { id: ENGINE_A, displayName: 'a', egress: 'projects/acme-gw/locations/us-central1/agentGateways/egress' },
      ],
      accessPolicies: [{ id: 'egress', on, rules: [allow()], boundTo: [on] }],
    });
    expect(await ask({ world: world('projects/acme-gw') })).toMatchObject(ALLOWED);
    expect(await ask({ world: world('projects/acme-agents') })).toMatchObject(DENIED);
  });

  it.each([
    ['the agent itself', [AGENT_A], true],
    ['all agents of the organization', [EVERY_AGENT], true],
    ['all agents of the platform', [`principalSet://${TRUST_DOMAIN}/attribute.platform/aiplatform`], true],
    [
      'all agents of the project',
      [`principalSet://${TRUST_DOMAIN}/attribute.platformContainer/aiplatform/projects/101010`],
      true,
    ],
    [
      'all agents of another project',
      [`principalSet://${TRUST_DOMAIN}/attribute.platformContainer/aiplatform/projects/1`],
      false,
    ],
    ['a member that is deleted', [`deleted:${AGENT_A}?uid=1`], false],
  ])('a rule is about %s', async (_whom, principals, allowed) => {
    expect(await ask({ rules: [allow({ principals, services: ['example-api'] })] })).toMatchObject({ allowed });
  });

  it('excluded principals are out of this rule alone', async () => {
    const all = allow({ principals: [EVERY_AGENT], excludedPrincipals: [AGENT_A], services: ['example-api'] });
    expect(await ask({ rules: [all] })).toMatchObject(DENIED);
    expect(await ask({ rules: [all], engine: ENGINE_B })).toMatchObject(ALLOWED);
    expect(await ask({ rules: [all, allow()] })).toMatchObject(ALLOWED);
    const denyOthers = deny({ principals: [EVERY_AGENT], excludedPrincipals: [AGENT_A] });
    expect(await ask({ rules: [allow(), denyOthers] })).toMatchObject(ALLOWED);
  });

  it('rules about other permissions do not count', async () => {
    const permissions = ['eventarc.googleapis.com/messageBuses.publish'];
    expect(await ask({ rules: [allow({ permissions })] })).toMatchObject(DENIED);
    const egress = 'iap.googleapis.com/resources.egressViaIAP';
    expect(await ask({ rules: [allow({ permissions: [egress], excludedPermissions: [egress] })] })).toMatchObject(
      DENIED,
    );
  });

  it('a rule without a condition for IAP is about every destination', async () => {
    for (const rule of [allow({}), allow({ conditions: { 'eventarc.googleapis.com': { expression: 'true' } } })])
      for (const host of [HOST, 'anything.example.org'])
        expect(await ask({ rules: [rule], host })).toMatchObject(ALLOWED);
  });

  it('says what enforcement would have answered under DRY_RUN', async () => {
    const extensions = [{ id: 'iap-authz', policyVersion: 'V2' as const, enforcement: 'DRY_RUN' as const }];
    expect(await ask({ world: { extensions } })).toMatchObject({ ...DENIED, allowed: true, enforced: false });
  });
});

describe('which model decides', () => {
  const grants: Partial<WorldInput> = {
    services: [{ id: 'example-api', urls: [`https://${HOST}`], policy: [{ members: [AGENT_A] }] }],
    extensions: [{ id: 'iap-authz', policyVersion: 'V1' }],
  };
  const accessPolicies = [
    { id: 'egress', rules: [{ principals: [AGENT_B], services: ['example-api'] }], boundTo: ['projects/acme-agents'] },
  ];
  const answers = (emulator: Emulator): (string | boolean | undefined)[] =>
    [ENGINE_A, ENGINE_B].flatMap((engine) => {
      const { allowed, model } = emulator.decide(emulator.world.engine(engine).principal, HOST);
      return [model, allowed];
    });

  it('is what the extension says, and changes with it', async () => {
    await withEmulator(v2World({ ...grants, accessPolicies }), async (emulator, call) => {
      const extension = `networkservices/v1/${PLACE}/authzExtensions/iap-authz`;
      expect(answers(emulator)).toEqual(['V1', true, 'V1', false]);
      emulator.world.setPolicyVersion('iap-authz', 'V2');
      expect(answers(emulator)).toEqual(['V2', false, 'V2', true]);
      await call('POST', '_emulator/extensions/iap-authz', { policyVersion: 'V1' });
      expect(answers(emulator)).toEqual(['V1', true, 'V1', false]);
      const body = { metadata: { iapPolicyVersion: 'V2' } };
      expect((await call('PATCH', `${extension}?updateMask=metadata.iapPolicyVersion`, body)).status).toBe(200);
      expect(answers(emulator)).toEqual(['V1', true, 'V1', false]);
      emulator.world.advance(10_000);
      expect(answers(emulator)).toEqual(['V2', false, 'V2', true]);
      expect(await call('POST', '_emulator/extensions/iap-authz', { policyVersion: 'V3' })).toMatchObject({
        status: 400,
      });
      expect(() => emulator.world.setPolicyVersion('nobody', 'V2')).toThrow('There is no nobody');
    });
  });

  it('keeps the rest of the metadata when it changes', async () => {
    const extensions = [{ id: 'iap-authz', enforcement: 'DRY_RUN' as const }];
    const change = ({ world }: Emulator): void => world.setPolicyVersion('iap-authz', 'V2');
    expect(await ask({ world: { extensions }, change })).toMatchObject({ model: 'V2', enforced: false });
  });

  it('is V1 when the extension does not say, or V2 by a switch', async () => {
    const extensions = [{ id: 'iap-authz', policyVersion: 'unset' as const }];
    await withEmulator(v2World({ ...grants, accessPolicies, extensions }), async (emulator) => {
      expect(answers(emulator)).toEqual(['V1', true, 'V1', false]);
      emulator.world.set({ gateway: { withoutPolicyVersion: 'V2' } });
      expect(answers(emulator)).toEqual(['V2', false, 'V2', true]);
      await Promise.resolve();
    });
  });

  it('is one for each gateway', async () => {
    const world = v2World({
      ...grants,
      accessPolicies,
      gateways: [
        { id: 'egress', path: 'egress' },
        { id: 'egress-v2', path: 'egress' },
      ],
      extensions: [{ id: 'one' }, { id: 'two', policyVersion: 'V2' }],
      authzPolicies: [
        { id: 'first', gateways: ['egress'], extension: 'one' },
        { id: 'second', gateways: ['egress-v2'], extension: 'two' },
      ],
      engines: [
        { id: ENGINE_A, displayName: 'Support agent', egress: 'egress' },
        { id: ENGINE_B, displayName: 'Billing agent', egress: 'egress-v2' },
      ],
    });
    await withEmulator(world, async (emulator) => {
      expect(answers(emulator)).toEqual(['V1', true, 'V2', true]);
      emulator.world.accessPolicies.remove('egress');
      expect(answers(emulator)).toEqual(['V1', true, 'V2', false]);
      await Promise.resolve();
    });
  });

  it('may be both, when two policies target the gateway: both must allow', async () => {
    const world: Partial<WorldInput> = {
      ...grants,
      extensions: [{ id: 'one' }, { id: 'two', policyVersion: 'V2' }],
      authzPolicies: [
        { id: 'first', gateways: ['egress'], extension: 'one' },
        { id: 'second', gateways: ['egress'], extension: 'two' },
      ],
    };
    expect(await ask({ world })).toMatchObject(DENIED);
    expect(await ask({ world, rules: [allow()] })).toMatchObject({ allowed: true });
    expect(await ask({ world, rules: [allow()], engine: ENGINE_B })).toMatchObject({ model: 'V1', reason: 'no-grant' });
  });
});

describe('a binding to a gateway', () => {
  it('counts for that gateway alone', async () => {
    const target = (gateway: string): string => `//networkservices.googleapis.com/${PLACE}/agentGateways/${gateway}`;
    const world = (gateway: string): Partial<WorldInput> => ({
      gateways: [
        { id: 'egress', path: 'egress' },
        { id: 'other', path: 'egress' },
      ],
      accessPolicies: [{ id: 'egress', rules: [allow()] }],
      policyBindings: [{ id: 'to-gateway', policy: 'egress', target: target(gateway) }],
      settings: { iam: { gatewayTarget: 'accepted' } },
    });
    expect(await ask({ world: world('egress') })).toMatchObject(ALLOWED);
    expect(await ask({ world: world('other') })).toMatchObject(DENIED);
  });
});
