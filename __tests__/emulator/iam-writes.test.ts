import { describe, expect, it } from '@jest/globals';
import { withEmulator, type Call, type Json } from './helpers.js';
import {
  createPolicy,
  done,
  INVALID,
  MISSING,
  NUMBERED,
  PARENT,
  POLICIES,
  policy,
  rule,
  v2World,
} from './iam-helpers.js';

const ITEM = `${POLICIES}/agent-egress`;
const OTHER = rule({ description: 'Another rule' });

const read = async (call: Call): Promise<Json> => (await call('GET', ITEM)).body;

describe('operations on access policies', () => {
  it('can be read, and neither listed, awaited, cancelled nor deleted', async () => {
    await withEmulator(v2World(), async (_, call) => {
      const { body } = await call('POST', `${POLICIES}?accessPolicyId=agent-egress`, policy());
      const operation = `iam/v3/${String(body.name)}`;
      expect((await call('GET', operation)).body).toEqual(body);
      expect((await call('GET', operation.replace('101010', 'acme-agents'))).body).toEqual(body);
      for (const [method, path] of [
        ['GET', `iam/v3/${PARENT}/operations`],
        ['POST', `${operation}:wait`],
        ['POST', `${operation}:cancel`],
        ['DELETE', operation],
      ] as const)
        expect(await call(method, path)).toMatchObject({ status: 404, body: { text: expect.any(String) } });
      expect(await call('GET', `${operation}0`)).toMatchObject(MISSING);
      const elsewhere = operation.replace('projects/101010', 'folders/77');
      expect(await call('GET', elsewhere)).toMatchObject(MISSING);
    });
  });

  it('vanish after their end when the switch for all operations says so', async () => {
    await withEmulator(v2World({ settings: { operations: { finished: 'vanish' } } }), async (emulator, call) => {
      expect(await createPolicy(emulator, call)).toMatchObject(MISSING);
      expect((await call('GET', ITEM)).status).toBe(200);
    });
  });

  it('may be done at once, or be answered without a name', async () => {
    await withEmulator(v2World({ settings: { iam: { operations: 'done' } } }), async (emulator, call) => {
      const first = await call('POST', `${POLICIES}?accessPolicyId=agent-egress`, policy());
      expect(first.body).toMatchObject({ name: expect.any(String), done: true, response: policy() });
      expect((await call('GET', `iam/v3/${String(first.body.name)}`)).body).toEqual(first.body);
      emulator.world.set({ iam: { operations: 'nameless' } });
      const second = await call('PATCH', ITEM, policy({}, [OTHER]));
      expect(second.body).toMatchObject({ done: true, response: policy({}, [OTHER]) });
      expect(second.body).not.toHaveProperty('name');
    });
  });
});

describe('validateOnly', () => {
  const CREATE = `${POLICIES}?accessPolicyId=agent-egress&validateOnly=true`;

  it('previews every write and makes none', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      const created = await call('POST', CREATE, policy());
      expect(created.body).toMatchObject({ done: true, response: { ...policy(), name: expect.any(String) } });
      expect(await call('GET', ITEM)).toMatchObject(MISSING);
      expect(await call('GET', `iam/v3/${String(created.body.name)}`)).toMatchObject(MISSING);
      expect(await call('POST', CREATE, policy({}, []))).toMatchObject(INVALID);
      expect(await call('POST', CREATE.replace('true', '1'), policy())).toMatchObject(INVALID);

      await createPolicy(emulator, call);
      const before = await read(call);
      const patched = await call('PATCH', `${ITEM}?validateOnly=true`, policy({}, [OTHER]));
      expect(patched.body).toMatchObject({ done: true, response: policy({}, [OTHER]) });
      expect((await call('DELETE', `${ITEM}?validateOnly=true`)).body).toMatchObject({ done: true });
      emulator.world.advance(10_000);
      expect(await read(call)).toEqual(before);
    });
  });

  it('answers in one of three ways, and compiles conditions or not', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      const broken = policy({}, [rule({ conditions: { 'iap.googleapis.com': { expression: 'a ==' } } })]);
      expect(await call('POST', CREATE, broken)).toMatchObject(INVALID);
      emulator.world.set({ iam: { validateOnly: { compilesConditions: false, answer: 'nameless' } } });
      const { status, body } = await call('POST', CREATE, broken);
      expect([status, Object.keys(body)]).toEqual([200, ['metadata', 'done', 'response']]);
      expect(await call('POST', CREATE.replace('&validateOnly=true', ''), broken)).toMatchObject(INVALID);
      emulator.world.set({ iam: { validateOnly: { answer: 'empty' } } });
      expect(await call('POST', CREATE, broken)).toEqual({ status: 200, body: {} });
    });
  });
});

describe('what the server makes of a policy', () => {
  it('prints the project as the switch says, in names and in conditions', async () => {
    const entry = (project: string): string => `projects/${project}/locations/us-central1/endpoints/agentregistry-1`;
    const expression = (project: string): string =>
      `(destination.agent_registry.endpoint.name in ['${entry(project)}']) || destination.unregistered.path == 'projects/acme-agents'`;
    const sent = policy({}, [
      rule({ conditions: { 'iap.googleapis.com': { expression: expression('acme-agents') } } }),
    ]);
    await withEmulator(v2World({ settings: { iam: { projectForms: { names: 'id' } } } }), async (emulator, call) => {
      const { body } = await createPolicy(emulator, call, sent);
      const name = `${PARENT}/accessPolicies/agent-egress`;
      expect(body).toMatchObject({ name: expect.stringMatching(`^${PARENT}/operations/`), metadata: { target: name } });
      expect(await read(call)).toMatchObject({ ...sent, name });

      emulator.world.set({ iam: { projectForms: { names: 'as-sent', conditions: 'number' } } });
      const list = `iam/v3/${NUMBERED}/accessPolicies`;
      await done(emulator, call, 'POST', `${list}?accessPolicyId=other`, sent);
      const rewritten = rule({ conditions: { 'iap.googleapis.com': { expression: expression('101010') } } });
      expect((await call('GET', `${POLICIES}/other`)).body).toMatchObject({
        name: `${NUMBERED}/accessPolicies/other`,
        details: { rules: [rewritten] },
      });
      expect(await read(call)).toMatchObject({ name });
    });
  });

  it('keeps rules in order or sorts them, and drops lists that are empty', async () => {
    const members = (rule().principals as string[])[0] ?? '';
    const [a, z] = [`${members}1`, `${members}9`];
    const rules = [
      rule({ description: 'z', principals: [z, a], excludedPrincipals: [] }),
      rule({
        description: 'a',
        operation: { permissions: (rule().operation as Json).permissions, excludedPermissions: [] },
      }),
    ];
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call, policy({}, rules));
      expect(await read(call)).toHaveProperty('details.rules', [
        rule({ description: 'z', principals: [z, a] }),
        rule({ description: 'a' }),
      ]);
      emulator.world.set({ iam: { ruleOrder: 'sorted' } });
      await done(emulator, call, 'PATCH', ITEM, policy({}, rules));
      expect(await read(call)).toHaveProperty('details.rules', [
        rule({ description: 'a' }),
        rule({ description: 'z', principals: [a, z] }),
      ]);
    });
  });
});
