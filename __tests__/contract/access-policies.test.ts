import { describe, expect, it } from '@jest/globals';
import {
  ACCESS_CONFIG,
  accessWorld,
  allowedPairs,
  DECLARED,
  EVERYBODY,
  FOREIGN,
  iamRequests,
  POLICY,
  RESEARCH,
  rulesIn,
} from './support/access.js';
import { declaredWorld } from './support/declared.js';
import { BILLING, enginesOf, SUPPORT, useStages, type Stage } from './support/stage.js';

const set = useStages();
/** A write that is done when it is answered. */
const QUICK = { iam: { operations: 'done' } } as const;
const PRUNE = { prune: 'true' };
const declared = (): Promise<Stage> =>
  set({ world: declaredWorld(ACCESS_CONFIG, accessWorld()), config: ACCESS_CONFIG, settings: QUICK });
const TARGET = '//cloudresourcemanager.googleapis.com/projects/101010';

describe('a gateway that decides by access policies', () => {
  it('is planned, applied and then as declared, and allows what is declared and nothing else', async () => {
    const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG });
    expect(allowedPairs(stage)).toEqual([]);
    const plan = await stage.run('plan');
    expect(plan).toMatchObject({
      exitCode: 0,
      outputs: { to_register: '2', to_grant: '3', to_bind: '2', to_remove: '0' },
    });
    const why =
      'at gateway projects/acme-agents/locations/us-central1/agentGateways/egress IAP extension projects/acme-agents/locations/us-central1/authzExtensions/iap-authz has iapPolicyVersion V2';
    expect(plan.log).toContain(`Who may pass is decided by access policies (V2): ${why}.`);
    expect(plan.log).toContain(
      `Access policy projects/acme-agents/locations/global/accessPolicies/${POLICY}: to be created; to be bound to the gateway's project (0 of 5 bindings used).`,
    );
    expect(plan.summary).toContain('access policies &#40;V2&#41;');
    expect(stage.writes()).toEqual([]);

    const applied = await stage.run('apply');
    expect(applied).toMatchObject({ exitCode: 0, outputs: { failure_reason: '', to_grant: '3' } });
    expect(enginesOf(applied)['Support agent']).toMatchObject({ status: 'changed', governance: 'governed' });
    expect(allowedPairs(stage)).toEqual(DECLARED);
    expect(stage.emulator.world.accessPolicies.get(POLICY)).toMatchObject({
      boundTo: [TARGET],
      policy: { annotations: { 'bind-agent-gateway/managed': 'true' } },
    });
    expect(rulesIn(stage)).toHaveLength(2);
    // One write for all endpoints, and nothing of the other model.
    expect(iamRequests(stage).filter((request) => !request.startsWith('GET'))).toEqual([
      'POST accessPolicies',
      'POST policyBindings',
    ]);
    expect(stage.requests('POST', /IamPolicy$/)).toEqual([]);

    const before = iamRequests(stage).length;
    const again = await stage.run('apply');
    expect(again).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
    expect(iamRequests(stage).slice(before).sort()).toEqual([
      `GET accessPolicies/${POLICY}`,
      'GET policyBindings:searchTargetPolicyBindings',
    ]);
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0, outputs: { changes: 'false', failure_reason: '' } });
  });

  it('gets an agent more, and with prune an agent and an endpoint less', async () => {
    const stage = await declared();
    const withResearch = `${ACCESS_CONFIG}  - engine: Research agent\n    allow: [ticket-system]\n`;
    const more = await stage.run('apply', {}, { files: { 'agent-gateway.yaml': withResearch } });
    expect(more).toMatchObject({ exitCode: 0, outputs: { to_grant: '1', to_remove: '0' } });
    expect(allowedPairs(stage)).toEqual(['Research agent tickets.example.com', ...DECLARED].sort());

    // Without prune nothing is taken away, whatever the config says.
    const kept = await stage.run('apply');
    expect(kept).toMatchObject({ exitCode: 0, outputs: { changes: 'false', to_remove: '0' } });
    expect(allowedPairs(stage)).toContain('Research agent tickets.example.com');

    const less = await stage.run('apply', PRUNE);
    expect(less).toMatchObject({ exitCode: 0, outputs: { to_grant: '0', to_remove: '1' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);
    expect(await stage.run('plan', PRUNE)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });

    const withoutTickets = ACCESS_CONFIG.replace(/ {2}ticket-system:\n.*\n/, '').replace('ticket-system, ', '');
    const files = { 'agent-gateway.yaml': withoutTickets };
    expect(await stage.run('apply', PRUNE, { files })).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(allowedPairs(stage)).toEqual(DECLARED.filter((pair) => pair.endsWith('api.stripe.com')));
    expect(rulesIn(stage)).toHaveLength(1);
    expect(await stage.run('plan', PRUNE, { files })).toMatchObject({ outputs: { changes: 'false' } });
  });

  it('loses the policy with its last rule, when this action made it', async () => {
    const stage = await declared();
    const none = ACCESS_CONFIG.replace(/ {4}allow:.*\n/g, '');
    const result = await stage.run('apply', PRUNE, { files: { 'agent-gateway.yaml': none } });
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_remove: '3', failure_reason: '' } });
    expect(stage.emulator.world.accessPolicies.ids()).toEqual([]);
    expect(stage.emulator.world.accessPolicies.boundTo()).toEqual([]);
    expect(allowedPairs(stage)).toEqual([]);
  });

  it('gets its rules back when somebody has unbound the policy, changed a rule or deleted all of it', async () => {
    const stage = await declared();
    const { accessPolicies } = stage.emulator.world;
    accessPolicies.unbind(POLICY);
    expect(await stage.run('verify')).toMatchObject({
      exitCode: 1,
      outputs: { failure_reason: 'changes-found', to_grant: '3' },
    });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_grant: '3' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);

    const [stripe, tickets] = rulesIn(stage);
    const changed = [
      { ...stripe, principals: [FOREIGN], permissions: undefined, operation: undefined },
      {
        ...tickets,
        conditions: undefined,
        condition: "destination.agent_registry.location == 'nowhere'",
        operation: undefined,
      },
    ];
    accessPolicies.set({
      id: POLICY,
      rules: JSON.parse(JSON.stringify(changed)) as never,
      boundTo: ['projects/acme-agents'],
    });
    expect(allowedPairs(stage)).toEqual([]);
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0 });
    expect(allowedPairs(stage)).toEqual(DECLARED);

    accessPolicies.remove(POLICY);
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_grant: '3' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);
  });
});

describe('a policy that others write too', () => {
  /** Odd spellings and all: none of it is ours to tidy up. */
  const OTHERS = [
    {
      description: 'payments, approved by   #sec-7',
      principals: [FOREIGN, EVERYBODY],
      conditions: { 'iap.googleapis.com': { title: 'x', expression: " destination.unregistered.host=='a.example' " } },
    },
    {
      description: 'bag:abcdefabcdef.abcdefabcdef wiki of another config',
      principals: [FOREIGN],
      condition: "destination.agent_registry.endpoint.name == 'projects/1/locations/l/endpoints/e'",
    },
    {
      effect: 'DENY' as const,
      principals: [FOREIGN],
      excludedPrincipals: [EVERYBODY],
      condition: 'destination.is_registered == true',
    },
  ];
  const shared = accessWorld({
    accessPolicies: [
      {
        id: POLICY,
        displayName: 'Made by hand',
        annotations: { team: 'network' },
        rules: OTHERS,
        boundTo: ['projects/acme-agents'],
      },
    ],
  });

  it('keeps their rules byte for byte and in their order, before and after ours', async () => {
    const stage = await set({ world: shared, config: ACCESS_CONFIG, settings: QUICK });
    const before = rulesIn(stage).map((rule) => JSON.stringify(rule));
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_grant: '3' } });
    stage.emulator.world.accessPolicies.addRule(POLICY, {
      description: 'late',
      principals: [EVERYBODY],
      condition: 'destination.is_registered == false',
    });
    const theirs = [...before, JSON.stringify(rulesIn(stage).at(-1))];
    const withResearch = `${ACCESS_CONFIG}  - engine: Research agent\n    allow: [ticket-system]\n`;
    expect(await stage.run('apply', {}, { files: { 'agent-gateway.yaml': withResearch } })).toMatchObject({
      exitCode: 0,
    });
    const none = ACCESS_CONFIG.replace(/ {4}allow:.*\n/g, '');
    const now = (): string[] => rulesIn(stage).map((rule) => JSON.stringify(rule));
    expect(now().filter((rule) => theirs.includes(rule))).toEqual(theirs);
    expect(now()).toHaveLength(theirs.length + 2);
    expect(await stage.run('apply', PRUNE, { files: { 'agent-gateway.yaml': none } })).toMatchObject({ exitCode: 0 });
    expect(now()).toEqual(theirs);
    const { policy } = stage.emulator.world.accessPolicies.get(POLICY);
    expect(policy).toMatchObject({ displayName: 'Made by hand', annotations: { team: 'network' } });
  });

  it.each([['412'], ['409']] as const)('is read again when somebody wrote in between (%s)', async (etagMismatch) => {
    const stage = await set({
      world: shared,
      config: ACCESS_CONFIG,
      settings: { iam: { ...QUICK.iam, etagMismatch } },
    });
    const before = rulesIn(stage);
    stage.emulator.faults.add([{ kind: 'foreign-write', match: { api: 'iam', method: 'PATCH' }, when: { first: 1 } }]);
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(result.log).toContain('somebody else wrote the policy meanwhile');
    expect(allowedPairs(stage)).toEqual(expect.arrayContaining(DECLARED));
    expect(rulesIn(stage)).toHaveLength(before.length + 3);
  });

  it('is never emptied when this action did not make it', async () => {
    const stage = await declared();
    const { accessPolicies } = stage.emulator.world;
    const rules = rulesIn(stage).map(({ description, principals, conditions }) => ({
      description,
      principals: [...principals],
      conditions,
    }));
    accessPolicies.set({ id: POLICY, rules: rules, boundTo: ['projects/acme-agents'] });
    const none = ACCESS_CONFIG.replace(/ {4}allow:.*\n/g, '');
    const result = await stage.run('apply', PRUNE, { files: { 'agent-gateway.yaml': none } });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'grant-failed' } });
    expect(result.log).toContain('unbind and delete it by hand');
    expect(accessPolicies.get(POLICY).boundTo).toEqual([TARGET]);
  });
});

describe('which policy is written to', () => {
  it('is one of another ID, when that is bound and carries the annotation', async () => {
    const named = {
      id: 'egress-of-team-a',
      annotations: { 'bind-agent-gateway/managed': 'true' },
      rules: [{ description: 'first', principals: [FOREIGN], condition: 'destination.is_registered == true' }],
    };
    const world = accessWorld({
      accessPolicies: [named],
      policyBindings: [{ id: 'some-binding', policy: 'egress-of-team-a', target: 'projects/acme-agents' }],
    });
    const stage = await set({ world, config: ACCESS_CONFIG, settings: QUICK });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0 });
    expect(stage.emulator.world.accessPolicies.ids()).toEqual(['egress-of-team-a']);
    expect(rulesIn(stage, 'egress-of-team-a')).toHaveLength(3);
    expect(allowedPairs(stage)).toEqual(DECLARED);
    expect(await stage.run('plan')).toMatchObject({ outputs: { changes: 'false' } });
  });

  it('is bound by a binding of any ID, and a taken ID is no obstacle', async () => {
    const foreign = {
      id: 'theirs',
      rules: [{ principals: [FOREIGN], condition: 'destination.is_registered == true' }],
    };
    const world = accessWorld({
      accessPolicies: [foreign],
      policyBindings: [{ id: POLICY, policy: 'theirs', target: 'projects/acme-agents' }],
    });
    const stage = await set({ world, config: ACCESS_CONFIG, settings: QUICK });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0 });
    const bound = stage.emulator.world.accessPolicies
      .boundTo()
      .map(({ name, policy }) => `${String(name)} ${String(policy)}`);
    expect(bound.map((line) => line.replace(/projects\/\S+?\/locations\/global\//g, '')).sort()).toEqual([
      `policyBindings/${POLICY} accessPolicies/theirs`,
      `policyBindings/${POLICY}-2 accessPolicies/${POLICY}`,
    ]);
    expect(allowedPairs(stage)).toEqual(DECLARED);
    expect(await stage.run('plan')).toMatchObject({ outputs: { changes: 'false' } });
  });

  it('is that of the gateway that the engines are bound to, where the config leaves egress alone', async () => {
    const world = accessWorld({
      engines: [SUPPORT, BILLING, RESEARCH].map((id) => ({
        id,
        displayName: `${{ [SUPPORT]: 'Support', [BILLING]: 'Billing' }[id] ?? 'Research'} agent`,
        egress: 'egress',
      })),
    });
    const config = ACCESS_CONFIG.replace('gateways:\n  egress: egress\n', '');
    const stage = await set({ world, config, settings: QUICK });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_grant: '3', to_bind: '0' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);
    expect(stage.requests('POST', /IamPolicy$/)).toEqual([]);
  });
});

describe('what the server may do with names and answers', () => {
  it.concurrent.each([
    [
      'project IDs become numbers',
      { projectForms: { names: 'number', bindingPolicy: 'number', conditions: 'number' } },
    ],
    [
      'project numbers become IDs',
      { projectForms: { names: 'id', bindingPolicy: 'id', bindingTarget: 'id', conditions: 'id' } },
    ],
    ['rules are sorted', { ruleOrder: 'sorted' }],
    ['fields that a patch leaves out stay', { patchAbsentFields: 'kept' }],
    ['rules need a condition, gateways can be bound', { ruleWithoutCondition: 'rejected', gatewayTarget: 'accepted' }],
    ['errors have their name in the message', { errorNames: 'message', alreadyExists: 'ABORTED' }],
    ['writes are done at once and have no name', { operations: 'nameless' }],
    ['conditions are compared with the number', { destinationNames: 'number' }],
    ['conditions are compared with the ID', { destinationNames: 'id' }],
    [
      'a binding that comes too early is FAILED_PRECONDITION',
      { replicationMs: 3_000, notReplicated: 'FAILED_PRECONDITION' },
    ],
  ] as const)('%s', async (_what, iam) => {
    const stage = await set({
      world: accessWorld(),
      config: ACCESS_CONFIG,
      settings: { iam: { operations: 'done', ...iam } as never },
    });
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);
    expect(await stage.run('plan', PRUNE)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });
});

describe('one host is one thing', () => {
  it('a service that cannot be registered keeps nobody else from their rules', async () => {
    const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG, settings: QUICK });
    stage.emulator.faults.add([
      {
        kind: 'status',
        status: 400,
        rpc: 'INVALID_ARGUMENT',
        match: { api: 'agentregistry', method: 'POST' },
        when: { first: 1 },
      },
    ]);
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'register-failed' } });
    expect(rulesIn(stage)).toHaveLength(1);
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0 });
    expect(allowedPairs(stage)).toEqual(DECLARED);
  });
});
