import { describe, expect, it } from '@jest/globals';
import { binding, configOf, ENGINE_A, ENGINE_B, ENGINES, withEmulator, type Json } from './helpers.js';
import {
  APPROVED,
  bind,
  conditionFor,
  constraint,
  CONSTRAINTS,
  EGRESS_ID,
  enforced,
  FIELD,
  guardedWorld,
  ORGANIZATION,
  OTHER,
  policyPath,
  putPolicy,
} from './orgpolicy-helpers.js';

const PROJECT = 'projects/acme-agents';
const orgPolicies = [{ on: PROJECT, constraint: EGRESS_ID, enforce: true }];
const REFUSED = {
  status: 400,
  body: {
    error: {
      code: 400,
      status: 'FAILED_PRECONDITION',
      message: `Operation denied by org policy on resource 'projects/acme-agents/locations/us-central1': ["customConstraints/${EGRESS_ID}": "Reasoning Engines can only be bound to approved gateways."]`,
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'CUSTOM_ORG_POLICY_VIOLATION',
          domain: 'googleapis.com',
          metadata: { service: 'aiplatform.googleapis.com', customConstraints: `customConstraints/${EGRESS_ID}` },
        },
      ],
    },
  },
};

describe('a custom constraint that is enforced', () => {
  it('accepts an approved gateway, refuses another one and unbinding', async () => {
    await withEmulator(guardedWorld({ orgPolicies }), async (emulator, call) => {
      expect((await bind(emulator, call, APPROVED)).status).toBe(200);
      expect(await bind(emulator, call, OTHER)).toEqual(REFUSED);
      expect(await bind(emulator, call)).toEqual(REFUSED);
      expect(await configOf(call)).toEqual({ agentToAnywhereConfig: { agentGateway: APPROVED } });
      expect(await bind(emulator, call, OTHER, ENGINE_B)).toEqual(REFUSED);
    });
  });

  it('refuses any update of an engine that is not bound, and a create', async () => {
    await withEmulator(guardedWorld({ orgPolicies }), async (emulator, call) => {
      const rename = async (): Promise<unknown> =>
        call('PATCH', `${ENGINES}/${ENGINE_A}?updateMask=displayName`, { displayName: 'Renamed' });
      expect(await rename()).toEqual(REFUSED);
      expect(await call('POST', ENGINES, { displayName: 'New' })).toEqual(REFUSED);
      const spec = { ...(binding(APPROVED).spec as Json), identityType: 'AGENT_IDENTITY' };
      expect((await call('POST', ENGINES, { displayName: 'New', spec })).status).toBe(200);
      expect((await bind(emulator, call, APPROVED)).status).toBe(200);
      expect(await rename()).toMatchObject({ status: 200 });
    });
  });

  it('compares names as text: a project number is not its ID', async () => {
    await withEmulator(guardedWorld({ orgPolicies }), async (emulator, call) => {
      expect(await bind(emulator, call, APPROVED.replace('acme-agents', '101010'))).toEqual(REFUSED);
    });
  });

  it('is off without a policy, with one that says so, and once it is deleted', async () => {
    await withEmulator(guardedWorld(), async (emulator, call) => {
      expect((await bind(emulator, call, OTHER)).status).toBe(200);
      await putPolicy(call, PROJECT, { spec: enforced() });
      expect(await bind(emulator, call, OTHER)).toEqual(REFUSED);
      await call('PATCH', policyPath(PROJECT), { spec: enforced(false) });
      expect((await bind(emulator, call, OTHER)).status).toBe(200);
      await call('PATCH', policyPath(PROJECT), { spec: enforced() });
      expect(await bind(emulator, call, OTHER)).toEqual(REFUSED);
      await call('DELETE', `${CONSTRAINTS}/${EGRESS_ID}`);
      expect((await bind(emulator, call, OTHER)).status).toBe(200);
    });
  });

  it('holds below where it is set, unless a node in between says otherwise', async () => {
    await withEmulator(guardedWorld(), async (emulator, call) => {
      await putPolicy(call, ORGANIZATION, { spec: enforced() });
      expect(await bind(emulator, call, OTHER)).toEqual(REFUSED);
      await putPolicy(call, 'folders/77', { spec: enforced(false) });
      expect((await bind(emulator, call, OTHER)).status).toBe(200);
      await putPolicy(call, PROJECT, { spec: enforced() });
      expect(await bind(emulator, call, OTHER)).toEqual(REFUSED);
      await call('DELETE', policyPath(PROJECT));
      await call('DELETE', policyPath('folders/77'));
      expect(await bind(emulator, call, OTHER)).toEqual(REFUSED);
      await call('DELETE', policyPath(ORGANIZATION));
      expect((await bind(emulator, call, OTHER)).status).toBe(200);
    });
  });

  it('of another organization, another resource or another method is none of its business', async () => {
    const projects = [
      { id: 'acme-agents', number: '101010', organization: '5550001', folders: ['77'] },
      { id: 'elsewhere', number: '202020', organization: '6660001' },
    ];
    const never = { condition: 'false' };
    const customConstraints = [
      { id: 'custom.elsewhere', organization: '6660001', ...never },
      { id: 'custom.pools', resourceTypes: ['container.googleapis.com/NodePool'], ...never },
      { id: 'custom.creates', methods: ['CREATE'], ...never },
    ];
    const all = [
      { on: 'projects/elsewhere', constraint: 'custom.elsewhere', enforce: true },
      { on: PROJECT, constraint: 'custom.pools', enforce: true },
      { on: PROJECT, constraint: 'custom.creates', enforce: true },
    ];
    await withEmulator(guardedWorld({ projects, customConstraints, orgPolicies: all }), async (emulator, call) => {
      expect((await bind(emulator, call, OTHER)).status).toBe(200);
      const refused = await call('POST', ENGINES, { displayName: 'New' });
      expect(refused.body).toMatchObject({
        error: { message: expect.stringMatching(/: \["customConstraints\/custom\.creates"\]$/) },
      });
    });
  });

  it('names every constraint that is broken', async () => {
    const customConstraints = ['custom.a', 'custom.b'].map((id) => ({ id, condition: 'false', displayName: id }));
    const both = customConstraints.map(({ id }) => ({ on: PROJECT, constraint: id, enforce: true }));
    await withEmulator(guardedWorld({ customConstraints, orgPolicies: both }), async (emulator, call) => {
      const { body } = await bind(emulator, call, APPROVED);
      expect(body).toMatchObject({
        error: {
          message: expect.stringContaining(
            '["customConstraints/custom.a": "custom.a", "customConstraints/custom.b": "custom.b"]',
          ),
          details: [{ metadata: { customConstraints: 'customConstraints/custom.a, customConstraints/custom.b' } }],
        },
      });
    });
  });

  it('refuses in the operation of the write, when the switch is so', async () => {
    await withEmulator(guardedWorld({ orgPolicies }), async (emulator, call) => {
      emulator.world.set({ orgPolicy: { refusedIn: 'operation' } });
      const { message, details } = REFUSED.body.error;
      const ends = async (started: { status: number; body: Json }): Promise<void> => {
        expect(started.status).toBe(200);
        emulator.world.advance(60_000);
        const path = `aiplatform/v1beta1/${String(started.body.name)}`;
        expect((await call('GET', path)).body).toMatchObject({ done: true, error: { code: 9, message, details } });
      };
      await ends(
        await call('PATCH', `${ENGINES}/${ENGINE_A}?updateMask=spec.deploymentSpec.agentGatewayConfig`, binding(OTHER)),
      );
      expect(await configOf(call)).toBeUndefined();
      await ends(await call('POST', ENGINES, { displayName: 'New' }));
    });
  });

  it('takes effect some time after it was written, and so does every change of it', async () => {
    await withEmulator(guardedWorld(), async (emulator, call) => {
      emulator.world.set({ orgPolicy: { propagationMs: 900_000 } });
      const tried = async (gateway: string): Promise<number> =>
        (
          await call(
            'PATCH',
            `${ENGINES}/${ENGINE_A}?updateMask=spec.deploymentSpec.agentGatewayConfig`,
            binding(gateway),
          )
        ).status;
      await putPolicy(call, PROJECT, { spec: enforced() });
      expect(await tried(OTHER)).toBe(200);
      emulator.world.advance(900_000);
      expect(await tried(OTHER)).toBe(400);
      await call('PATCH', `${CONSTRAINTS}/${EGRESS_ID}`, constraint({ condition: conditionFor(OTHER) }));
      expect(await tried(OTHER)).toBe(400);
      emulator.world.advance(900_000);
      expect(await tried(OTHER)).toBe(200);
      emulator.world.advance(60_000);
      await call('DELETE', policyPath(PROJECT));
      expect(await tried(APPROVED)).toBe(400);
      emulator.world.advance(900_000);
      expect(await tried(APPROVED)).toBe(200);
    });
  });
});

describe('a policy in dry run', () => {
  it('lets everything through and is heard of in the dump', async () => {
    const dry = [{ on: 'folders/77', constraint: EGRESS_ID, dryRun: true }];
    await withEmulator(guardedWorld({ orgPolicies: dry }), async (emulator, call) => {
      expect((await bind(emulator, call, APPROVED)).status).toBe(200);
      expect((await bind(emulator, call, OTHER)).status).toBe(200);
      const { body } = await call('GET', '_emulator/world');
      expect(body.dryRunViolations).toEqual([
        {
          time: expect.any(String),
          constraint: `customConstraints/${EGRESS_ID}`,
          policy: `folders/77/policies/${EGRESS_ID}`,
          method: 'UPDATE',
          resource: `projects/101010/locations/us-central1/reasoningEngines/${ENGINE_A}`,
        },
      ]);
      await call('PATCH', `${policyPath('folders/77')}?updateMask=*`, { spec: enforced() });
      expect(await bind(emulator, call, OTHER)).toEqual(REFUSED);
      expect(emulator.world.dump().dryRunViolations).toHaveLength(1);
    });
  });
});

describe('the CEL of a condition', () => {
  const bound: [string, boolean][] = [
    ['true', true],
    [`has(${FIELD})`, true],
    ['has(resource.spec.deploymentSpec.agentGatewayConfig.agentToAnywhereConfig)', true],
    ['has(resource.spec.deploymentSpec.agentGatewayConfig.clientToAgentConfig)', false],
    ['!has(resource.spec.deploymentSpec.agentGatewayConfig.clientToAgentConfig.agentGateway)', true],
    ["resource.spec.deploymentSpec.agentGatewayConfig.clientToAgentConfig.agentGateway == ''", true],
    [`${FIELD}.matches('^projects/acme-agents/.*/egress$')`, true],
    [`${FIELD}.startsWith('projects/acme-network/')`, false],
    ['resource.spec.identityType == "AGENT_IDENTITY"', true],
    ['resource.spec.deploymentSpec.minInstances >= 1', true],
    ['resource.spec.deploymentSpec.maxInstances == 0', true],
    ["resource.spec.deploymentSpec.env.exists(e, has(e.name) && e.name == 'TEAM')", true],
    ["resource.labels['cost'] == 'none'", false],
    ["has(resource.labels.cost) || resource.labels['team'] == 'support'", true],
    ["has(resource.spec.packageSpec.pythonVersion) && resource.spec.packageSpec.pythonVersion == '3.12'", true],
    ['has(resource.spec.containerSpec.imageUri)', false],
    ["resource.displayName == 'has(x)'", false],
  ];
  it.each(bound)('%s is %s of an engine', async (condition, expected) => {
    const engines = [
      {
        id: ENGINE_A,
        displayName: 'Support agent',
        env: { TEAM: 'support' },
        labels: { team: 'support' },
        minInstances: 1,
        egress: 'egress',
      },
    ];
    const customConstraints = [{ id: EGRESS_ID, condition }];
    await withEmulator(guardedWorld({ engines, customConstraints, orgPolicies }), async (emulator, call) => {
      expect((await bind(emulator, call, APPROVED)).status).toBe(expected ? 200 : 400);
    });
  });

  it('forbids under DENY what it is true of', async () => {
    const customConstraints = [{ id: EGRESS_ID, action: 'DENY' as const, condition: `${FIELD} == '${OTHER}'` }];
    await withEmulator(guardedWorld({ customConstraints, orgPolicies }), async (emulator, call) => {
      expect((await bind(emulator, call, OTHER)).status).toBe(400);
      expect((await bind(emulator, call, APPROVED)).status).toBe(200);
      expect((await bind(emulator, call)).status).toBe(200);
    });
  });
});
