import { describe, expect, it } from '@jest/globals';
import {
  ACCESS_CONFIG,
  accessWorld,
  allowedPairs,
  DECLARED,
  EVERYBODY,
  iamRequests,
  POLICY,
} from './support/access.js';
import { declaredWorld } from './support/declared.js';
import { annotations, useStages } from './support/stage.js';

const set = useStages();
const QUICK = { iam: { operations: 'done' } } as const;
const CONSTRAINT = 'iam.managed.disableAccessPolicyBinding';
const isWrite = (request: string): boolean => !request.startsWith('GET');

describe('what would fail', () => {
  it('access-policy-forbidden: the managed constraint is seen before anything is written', async () => {
    for (const spelling of ['singular', 'plural'] as const) {
      const stage = await set({
        world: accessWorld(),
        config: ACCESS_CONFIG,
        settings: { iam: { managedConstraint: spelling, managedConstraintDefault: 'enforced' } },
      });
      const result = await stage.run('apply');
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
      expect(annotations(result.log, 'error')[0]).toContain(spelling === 'plural' ? `${CONSTRAINT}s` : CONSTRAINT);
      expect(stage.writes()).toEqual([]);
    }
  });

  it.each([['sync'], ['lro']] as const)(
    'a constraint that may not be read: the binding is refused (%s), with the reason and the remedy',
    async (constraintViolation) => {
      const stage = await set({
        world: accessWorld({ denied: ['orgpolicy.policy.get'] }),
        config: ACCESS_CONFIG,
        settings: { iam: { ...QUICK.iam, managedConstraintDefault: 'enforced', constraintViolation } },
      });
      const result = await stage.run('apply');
      expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'grant-failed' } });
      expect(result.log).toContain(CONSTRAINT);
      expect(result.log).toContain('lift it for the project');
      expect(allowedPairs(stage)).toEqual([]);
    },
  );

  it('access-denied-by-rule: a rule of the organization that is bound to the project', async () => {
    const guardrail = {
      id: 'guardrail',
      on: 'organizations/5550001',
      rules: [
        {
          description: 'freeze',
          effect: 'DENY' as const,
          principals: [EVERYBODY],
          condition: 'destination.is_registered == true',
        },
      ],
      boundTo: ['projects/acme-agents'],
    };
    const stage = await set({ world: accessWorld({ accessPolicies: [guardrail] }), config: ACCESS_CONFIG });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'check-failed' } });
    expect(annotations(result.log, 'error')[0]).toContain(
      'Rule 1 of access policy organizations/5550001/locations/global/accessPolicies/guardrail ("freeze") denies',
    );
    expect(stage.writes()).toEqual([]);
  });

  it('api-disabled: IAM is named, and nothing is written', async () => {
    const projects = [
      { id: 'acme-agents', number: '101010', organization: '5550001', disabledApis: ['iam.googleapis.com'] },
    ];
    const stage = await set({ world: accessWorld({ projects }), config: ACCESS_CONFIG });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'api-disabled' } });
    expect(result.log).toContain('gcloud services enable iam.googleapis.com');
    expect(stage.writes()).toEqual([]);
  });
});

describe('rights of the caller', () => {
  it('without the right to read operations the policy itself is looked at, and a note says so', async () => {
    const stage = await set({ world: accessWorld({ denied: ['iam.operations.get'] }), config: ACCESS_CONFIG });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(result.log).toMatch(/::notice title=permission-missing[^\n]*::[^\n]*iam\.operations\.get/);
    expect(allowedPairs(stage)).toEqual(DECLARED);
  });

  it.each([
    ['iam.accesspolicies.create', 'roles/iam.accessPolicyAdmin'],
    ['iam.accesspolicies.bind', 'roles/iam.accessPolicyAdmin'],
    ['resourcemanager.projects.createPolicyBinding', 'a custom role'],
  ])('permission-missing: without %s apply refuses and names %s', async (permission, role) => {
    const stage = await set({ world: accessWorld({ denied: [permission] }), config: ACCESS_CONFIG });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(result.log).toContain(
      `::error title=permission-missing::The identity of this job does not have ${permission}`,
    );
    expect(result.log).toContain(role);
    expect(stage.writes()).toEqual([]);
  });

  it('a project that does not know these permissions says nothing of them: Google has the last word', async () => {
    const stage = await set({
      world: accessWorld({ denied: ['iam.accesspolicies.bind'] }),
      config: ACCESS_CONFIG,
      settings: { iam: { ...QUICK.iam, testIamPermissions: 'unknown' } },
    });
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'permission-denied' } });
    expect(result.log).toContain('iam.accesspolicies.bind');
    expect(iamRequests(stage).filter(isWrite)).toEqual(['POST accessPolicies', 'POST policyBindings']);
  });

  it('once the policy is bound, no right on the project is needed', async () => {
    const stage = await set({
      world: declaredWorld(ACCESS_CONFIG, accessWorld()),
      config: ACCESS_CONFIG,
      settings: QUICK,
    });
    for (const verb of ['searchPolicyBindings', 'createPolicyBinding'])
      stage.emulator.world.deny(`resourcemanager.projects.${verb}`);
    stage.emulator.world.deny('iam.accesspolicies.bind');
    const withResearch = `${ACCESS_CONFIG}  - engine: Research agent\n    allow: [ticket-system]\n`;
    const result = await stage.run('apply', {}, { files: { 'agent-gateway.yaml': withResearch } });
    expect(result).toMatchObject({ exitCode: 0, outputs: { to_grant: '1', failure_reason: '' } });
    expect(result.log).toContain('searchPolicyBindings on project acme-agents');
    expect(allowedPairs(stage)).toEqual(['Research agent tickets.example.com', ...DECLARED].sort());
  });
});

describe('a run that is cut off', () => {
  it.concurrent.each([
    ['the answer to the creation is lost', { method: 'POST', path: '**/accessPolicies' }],
    ['the answer to the binding is lost', { method: 'POST', path: '**/policyBindings' }],
  ] as const)('%s: the run looks, and goes on', async (_what, match) => {
    const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG, settings: QUICK });
    stage.emulator.faults.add([{ kind: 'reset', at: 'after', match: { api: 'iam', ...match }, when: { first: 1 } }]);
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);
    expect(stage.emulator.world.accessPolicies.boundTo()).toHaveLength(1);
  });

  it.concurrent('a policy that is there and not bound is bound by the next run', async () => {
    const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG, settings: QUICK });
    let killed = false;
    stage.emulator.faults.add([
      {
        kind: 'slow',
        firstByteMs: 5_000,
        match: { api: 'iam', path: '**/policyBindings', method: 'POST' },
        at: 'before',
        when: { first: 1 },
      },
    ]);
    const first = stage.run(
      'apply',
      {},
      {
        onStart: (child) => {
          const timer = setInterval(() => {
            if (!iamRequests(stage).some((request) => request === 'POST policyBindings')) return;
            clearInterval(timer);
            killed = child.kill('SIGKILL');
          }, 20);
        },
      },
    );
    expect((await first).exitCode).not.toBe(0);
    expect(killed).toBe(true);
    stage.emulator.faults.clear();
    const { accessPolicies } = stage.emulator.world;
    if (accessPolicies.boundTo().length > 0) accessPolicies.unbind(POLICY);
    expect(allowedPairs(stage)).toEqual([]);
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_grant: '3' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);
  });
});
