import { describe, expect, it } from '@jest/globals';
import type { FaultInput } from '../../emulator/index.js';
import { withEmulator, type Json } from './helpers.js';
import {
  AGENT_A,
  binding,
  BINDINGS,
  createPolicy,
  done,
  errorOf,
  PARENT,
  POLICIES,
  policy,
  rule,
  TARGET,
  v2World,
} from './iam-helpers.js';

const ITEM = `${POLICIES}/agent-egress`;
const BOUND = `${BINDINGS}/agent-egress`;
const rules = [{ description: 'mine', principals: [AGENT_A] }];
const bound = v2World({ accessPolicies: [{ id: 'agent-egress', rules, boundTo: ['projects/acme-agents'] }] });
const unbound = v2World({ accessPolicies: [{ id: 'agent-egress', rules }] });
const descriptions = ({ details }: Json): unknown[] =>
  ((details as Json).rules as Json[]).map(({ description }) => description);

describe('a caller without the permission', () => {
  it.each<[string, string, string, unknown]>([
    ['iam.accesspolicies.get', 'GET', ITEM, undefined],
    ['iam.accesspolicies.list', 'GET', POLICIES, undefined],
    ['iam.accesspolicies.searchPolicyBindings', 'GET', `${ITEM}:searchPolicyBindings`, undefined],
    ['iam.accesspolicies.create', 'POST', `${POLICIES}?accessPolicyId=other`, policy()],
    ['iam.accesspolicies.update', 'PATCH', ITEM, policy()],
    ['iam.accesspolicies.delete', 'DELETE', ITEM, undefined],
    ['iam.accesspolicies.bind', 'POST', `${BINDINGS}?policyBindingId=other`, binding()],
    ['resourcemanager.projects.createPolicyBinding', 'POST', `${BINDINGS}?policyBindingId=other`, binding()],
    ['iam.policybindings.get', 'GET', BOUND, undefined],
    ['iam.policybindings.list', 'GET', BINDINGS, undefined],
    [
      'resourcemanager.projects.searchPolicyBindings',
      'GET',
      `${BINDINGS}:searchTargetPolicyBindings?target=${TARGET}`,
      undefined,
    ],
    ['resourcemanager.projects.updatePolicyBinding', 'PATCH', BOUND, { displayName: 'x' }],
    ['iam.accesspolicies.unbind', 'DELETE', BOUND, undefined],
    ['resourcemanager.projects.deletePolicyBinding', 'DELETE', BOUND, undefined],
  ])('%s is told so', async (permission, method, path, body) => {
    await withEmulator(bound, async (emulator, call) => {
      emulator.world.deny(permission);
      const answer = await call(method, path, body);
      expect(answer).toMatchObject(errorOf(403, 'PERMISSION_DENIED'));
      expect(answer.body.error).toMatchObject({
        message: expect.stringContaining(`'${permission}'`),
        details: [{ reason: 'IAM_PERMISSION_DENIED', metadata: { permission } }],
      });
      emulator.world.allow(permission);
      expect((await call(method, path, body)).status).toBe(method === 'DELETE' && path === ITEM ? 400 : 200);
    });
  });

  it('to read operations writes all the same, and can read the resource instead', async () => {
    await withEmulator(unbound, async (emulator, call) => {
      emulator.world.deny('iam.operations.get', 'projects/acme-agents');
      expect(await done(emulator, call, 'PATCH', ITEM, policy())).toMatchObject(errorOf(403, 'PERMISSION_DENIED'));
      expect((await call('GET', ITEM)).body).toMatchObject(policy());
    });
  });

  it('on one policy has it on the others', async () => {
    await withEmulator(unbound, async (emulator, call) => {
      emulator.world.deny('iam.accesspolicies.get', `${PARENT}/accessPolicies/other`);
      expect((await call('GET', ITEM)).status).toBe(200);
      expect((await call('GET', `${POLICIES}/other`)).status).toBe(403);
    });
  });

  it('on a folder or organization is told the permission of that', async () => {
    await withEmulator(unbound, async (emulator, call) => {
      emulator.world.deny('resourcemanager.organizations.searchPolicyBindings');
      const organization = 'organizations/5550001';
      const path = `iam/v3/${organization}/locations/global/policyBindings:searchTargetPolicyBindings?target=//cloudresourcemanager.googleapis.com/${organization}`;
      expect(await call('GET', path)).toMatchObject(errorOf(403, 'PERMISSION_DENIED'));
    });
  });

  it('can find out by testIamPermissions of the project, unless that does not know them', async () => {
    const path = 'cloudresourcemanager/v3/projects/acme-agents:testIamPermissions';
    const permissions = [
      'iam.accesspolicies.get',
      'iam.operations.get',
      'resourcemanager.projects.createPolicyBinding',
    ];
    await withEmulator(unbound, async (emulator, call) => {
      emulator.world.deny('iam.operations.get');
      const held = permissions.filter((name) => name !== 'iam.operations.get');
      expect((await call('POST', path, { permissions })).body).toEqual({ permissions: held });
      emulator.world.set({ iam: { testIamPermissions: 'unknown' } });
      for (const name of ['iam.accesspolicies.get', 'iam.policybindings.get', 'iam.operations.get'])
        expect(await call('POST', path, { permissions: [name] })).toMatchObject(errorOf(400, 'INVALID_ARGUMENT'));
      const known = [permissions[2]];
      expect((await call('POST', path, { permissions: known })).body).toEqual({ permissions: known });
    });
  });
});

describe('the IAM API', () => {
  it('may be disabled in the project of the path', async () => {
    await withEmulator(unbound, async (emulator, call) => {
      emulator.world.disableApi('iam.googleapis.com');
      const details = [{ reason: 'SERVICE_DISABLED', metadata: { service: 'iam.googleapis.com' } }, {}];
      for (const path of [ITEM, BINDINGS])
        expect(await call('GET', path)).toMatchObject(errorOf(403, 'PERMISSION_DENIED', { details }));
    });
  });

  it('has no other versions and wants a token', async () => {
    await withEmulator(unbound, async (_, call) => {
      for (const version of ['v1', 'v2', 'v3alpha'])
        expect((await call('GET', ITEM.replace('v3', version))).status).toBe(404);
      expect((await call('GET', ITEM, undefined, { authorization: '' })).status).toBe(401);
    });
  });
});

describe('faults', () => {
  it('foreign-write: somebody adds a rule just before a patch or a deletion', async () => {
    const fault: FaultInput = { kind: 'foreign-write', match: { path: '**/accessPolicies/*' }, when: { nth: [2, 3] } };
    await withEmulator(
      unbound,
      async (emulator, call) => {
        const { etag } = (await call('GET', ITEM)).body;
        expect(await call('PATCH', ITEM, { ...policy(), etag })).toMatchObject(errorOf(412, 'ABORTED'));
        expect(emulator.requests.at(-1)?.faults).toEqual([{ id: 'fault-1', kind: 'foreign-write' }]);
        const deletion = await call('DELETE', `${ITEM}?etag=${encodeURIComponent(String(etag))}`);
        expect(deletion).toMatchObject(errorOf(412, 'ABORTED'));
        const now = (await call('GET', ITEM)).body;
        expect(descriptions(now)).toEqual(['mine', 'Written by somebody else', 'Written by somebody else']);
        // What was read can be written back.
        expect((await done(emulator, call, 'PATCH', ITEM, now)).body).toMatchObject({
          response: { details: now.details },
        });
      },
      [fault],
    );
  });

  it('stale-reads: get and lists show policies and bindings as they were', async () => {
    await withEmulator(unbound, async (emulator, call) => {
      emulator.faults.add({
        kind: 'stale-reads',
        for: { reads: 3 },
        match: { api: 'iam', path: '**/locations/global/*' },
      });
      emulator.faults.add({
        kind: 'stale-reads',
        for: { reads: 1 },
        match: { api: 'iam', path: '**/accessPolicies/*' },
      });
      await done(emulator, call, 'POST', `${BINDINGS}?policyBindingId=agent-egress`, binding());
      expect((await call('GET', BINDINGS)).body).toEqual({});
      await done(emulator, call, 'PATCH', ITEM, policy({}, [rule({ description: 'new' })]));
      expect(descriptions((await call('GET', ITEM)).body)).toEqual(['mine']);
      expect(descriptions((await call('GET', ITEM)).body)).toEqual(['new']);
    });
  });

  it('operation-never-ends and operation-vanishes hold and hide these operations as well', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      emulator.faults.add({ kind: 'operation-never-ends', match: { api: 'iam', write: true } });
      expect((await createPolicy(emulator, call)).body.done).toBe(false);
      emulator.faults.clear();
      expect((await call('GET', ITEM)).status).toBe(200);
      emulator.faults.add({ kind: 'operation-vanishes', match: { api: 'iam', write: true } });
      expect((await done(emulator, call, 'PATCH', ITEM, policy({}, [rule({ description: 'new' })]))).status).toBe(404);
      expect(descriptions((await call('GET', ITEM)).body)).toEqual(['new']);
    });
  });

  it('status: any of these methods, a conflict by 412 included', async () => {
    await withEmulator(unbound, async (emulator, call) => {
      emulator.faults.add([
        { kind: 'status', status: 429, retryAfter: 3, match: { api: 'iam', method: 'GET' }, when: { first: 1 } },
        { kind: 'status', status: 412, match: { api: 'iam', method: 'PATCH' }, when: { first: 1 } },
      ]);
      expect(await call('GET', ITEM)).toMatchObject(errorOf(429, 'RESOURCE_EXHAUSTED'));
      expect(await call('PATCH', ITEM, policy())).toMatchObject(errorOf(412, 'ABORTED'));
      expect((await call('PATCH', ITEM, policy())).status).toBe(200);
    });
  });
});
