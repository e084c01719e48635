import { describe, expect, it } from '@jest/globals';
import { withEmulator, type Answer, type Call, type Json } from './helpers.js';
import {
  bindPolicy,
  BINDINGS,
  createPolicy,
  done,
  errorOf,
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
const STALE = errorOf(412, 'ABORTED');
const OTHER = rule({ description: 'Another rule' });

const read = async (call: Call): Promise<Json> => (await call('GET', ITEM)).body;

describe('access policies', () => {
  it.each(['v3', 'v3beta'])('are created by an operation, read and listed in %s', async (version) => {
    await withEmulator(v2World(), async (emulator, call) => {
      const list = `iam/${version}/${PARENT}/accessPolicies`;
      const sent = policy({ displayName: 'Egress', annotations: { 'example.com/owner': 'team-a' } });
      const { status, body } = await call('POST', `${list}?accessPolicyId=agent-egress`, sent);
      expect(status).toBe(200);
      expect(body).toEqual({
        name: expect.stringMatching(`^${NUMBERED}/operations/operation-`),
        metadata: {
          '@type': `type.googleapis.com/google.iam.${version}.OperationMetadata`,
          createTime: expect.any(String),
          target: `${NUMBERED}/accessPolicies/agent-egress`,
          verb: 'create',
          requestedCancellation: false,
          apiVersion: version,
        },
        done: false,
      });
      expect(await call('GET', `${list}/agent-egress`)).toMatchObject(MISSING);
      emulator.world.advance(10_000);
      const operation = await call('GET', `iam/${version}/${String(body.name)}`);
      const stored = {
        name: `${NUMBERED}/accessPolicies/agent-egress`,
        uid: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
        etag: expect.any(String),
        createTime: expect.any(String),
        updateTime: expect.any(String),
        ...sent,
      };
      expect(operation.body).toMatchObject({ done: true, metadata: { endTime: expect.any(String) } });
      expect(operation.body.response).toEqual({
        '@type': `type.googleapis.com/google.iam.${version}.AccessPolicy`,
        ...stored,
      });
      expect((await call('GET', `${list}/agent-egress`)).body).toEqual(stored);
      expect((await call('GET', list)).body).toEqual({ accessPolicies: [stored] });
    });
  });

  it.each(['folders/77', 'organizations/5550001', 'projects/101010'])('live on %s, and nowhere else', async (node) => {
    await withEmulator(v2World(), async (emulator, call) => {
      const list = `iam/v3/${node}/locations/global/accessPolicies`;
      const { body } = await done(emulator, call, 'POST', `${list}?accessPolicyId=agent-egress`, policy());
      const name = `${node}/locations/global/accessPolicies/agent-egress`;
      expect(body.response).toMatchObject({ name });
      expect((await call('GET', list)).body.accessPolicies).toMatchObject([{ name }]);
      const lists = ['folders/77', 'organizations/5550001', 'projects/acme-agents'].map(
        (other) => `iam/v3/${other}/locations/global/accessPolicies`,
      );
      const found = await Promise.all(lists.map(async (path) => (await call('GET', path)).body.accessPolicies));
      expect(found.filter((policies) => policies !== undefined)).toHaveLength(1);
    });
  });

  it('have no location but global, no unknown parent and no id out of the pattern', async () => {
    await withEmulator(v2World(), async (_, call) => {
      const regional = 'iam/v3/projects/acme-agents/locations/us-central1/accessPolicies';
      expect(await call('GET', regional)).toMatchObject(INVALID);
      const denied = errorOf(403, 'PERMISSION_DENIED');
      for (const node of ['projects/nobodys', 'folders/78', 'organizations/1']) {
        expect(await call('GET', `iam/v3/${node}/locations/global/accessPolicies`)).toMatchObject(denied);
      }
      for (const id of ['', 'ab', 'Abc', '1ab', 'a_b', 'a'.repeat(64), 'egress/x']) {
        const path = `${POLICIES}?accessPolicyId=${encodeURIComponent(id)}`;
        expect(await call('POST', path, policy())).toMatchObject(INVALID);
      }
      for (const id of ['abc', 'a.b', 'agent-egress.2', 'a'.repeat(63)])
        expect((await call('POST', `${POLICIES}?accessPolicyId=${id}`, policy())).status).toBe(200);
    });
  });

  it('are listed page by page, and not by a filter', async () => {
    const accessPolicies = Array.from({ length: 52 }, (_, index) => ({
      id: `policy-${String(index)}`,
      rules: [{ principals: [String((rule().principals as string[])[0])] }],
    }));
    await withEmulator(v2World({ accessPolicies }), async (emulator, call) => {
      const first = (await call('GET', POLICIES)).body;
      expect(first.accessPolicies).toHaveLength(50);
      const token = String(first.nextPageToken);
      const second = (await call('GET', `${POLICIES}?pageToken=${token}`)).body;
      expect(second.accessPolicies).toHaveLength(2);
      expect(second).not.toHaveProperty('nextPageToken');
      expect((await call('GET', `${POLICIES}?pageSize=2000`)).body.accessPolicies).toHaveLength(52);
      expect(await call('GET', `${POLICIES}?pageSize=-1`)).toMatchObject(INVALID);
      emulator.world.set({ iam: { pageSize: { max: 20 } } });
      expect((await call('GET', `${POLICIES}?pageSize=2000`)).body.accessPolicies).toHaveLength(20);
      for (const parameter of ['filter=x', 'orderBy=name'])
        expect((await call('GET', `${POLICIES}?${parameter}`)).body.error).toMatchObject({
          code: 400,
          message: expect.stringContaining('Cannot bind query parameter'),
        });
    });
  });

  it('are not created twice, not even while the first creation runs', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      const path = `${POLICIES}?accessPolicyId=agent-egress`;
      expect((await call('POST', path, policy())).status).toBe(200);
      const exists = errorOf(409, 'ALREADY_EXISTS');
      expect(await call('POST', path, policy())).toMatchObject(exists);
      emulator.world.advance(10_000);
      expect(await call('POST', path, policy())).toMatchObject(exists);
      emulator.world.set({ iam: { alreadyExists: 'ABORTED' } });
      expect(await call('POST', path, policy())).toMatchObject(errorOf(409, 'ABORTED'));
    });
  });

  it('are replaced as a whole by a patch, under a new etag and the same uid', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call, policy({ displayName: 'Egress', annotations: { a: '1', b: '2' } }));
      const before = await read(call);
      const body = { ...policy({ annotations: { a: '3' } }, [OTHER]), etag: before.etag };
      const operation = await done(emulator, call, 'PATCH', ITEM, body);
      expect(operation.body).toMatchObject({ done: true, metadata: { verb: 'update' } });
      const after = await read(call);
      expect(operation.body.response).toEqual({ '@type': expect.any(String), ...after });
      expect(after).toMatchObject({ uid: before.uid, createTime: before.createTime, annotations: { a: '3' } });
      expect(after).toHaveProperty('details.rules', [OTHER]);
      expect(after).not.toHaveProperty('displayName');
      expect(after.etag).not.toBe(before.etag);
      expect(await call('PATCH', `${POLICIES}/nobody`, body)).toMatchObject(MISSING);
    });
  });

  it('keep fields that a patch does not mention when the switches say so', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call, policy({ displayName: 'Egress', annotations: { a: '1' } }));
      expect(await call('PATCH', ITEM, { displayName: 'Other' })).toMatchObject(INVALID);
      emulator.world.set({ iam: { patchAbsentFields: 'kept', patchWithoutDetails: 'kept' } });
      await done(emulator, call, 'PATCH', ITEM, { displayName: 'Other' });
      expect(await read(call)).toMatchObject({ displayName: 'Other', annotations: { a: '1' }, ...policy() });
      emulator.world.set({ iam: { patchWithoutDetails: 'cleared' } });
      await done(emulator, call, 'PATCH', ITEM, { displayName: 'Third' });
      expect(await read(call)).not.toHaveProperty('details');
    });
  });

  it('know no updateMask, unless a switch ignores or honours it', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call, policy({ displayName: 'Egress' }));
      const path = `${ITEM}?updateMask=details`;
      const body = policy({ displayName: 'Other' }, [OTHER]);
      expect((await call('PATCH', path, body)).body.error).toMatchObject({
        status: 'INVALID_ARGUMENT',
        message: expect.stringContaining('Unknown name "updateMask": Cannot bind query parameter.'),
      });
      emulator.world.set({ iam: { updateMask: 'honoured' } });
      await done(emulator, call, 'PATCH', path, body);
      expect(await read(call)).toMatchObject({ displayName: 'Egress', details: { rules: [OTHER] } });
      expect(await call('PATCH', `${ITEM}?updateMask=uid`, body)).toMatchObject(INVALID);
      emulator.world.set({ iam: { updateMask: 'ignored' } });
      await done(emulator, call, 'PATCH', path, policy({ displayName: 'Third' }));
      expect(await read(call)).toMatchObject({ displayName: 'Third', ...policy() });
    });
  });
});

describe('the etag of an access policy', () => {
  it('must be the current one if it is sent: 412, or 409 by a switch', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call);
      const { etag } = await read(call);
      await done(emulator, call, 'PATCH', ITEM, policy({}, [OTHER]));
      const stale = { ...policy(), etag };
      expect(await call('PATCH', ITEM, stale)).toMatchObject(STALE);
      expect(await call('DELETE', `${ITEM}?etag=${encodeURIComponent(String(etag))}`)).toMatchObject(STALE);
      emulator.world.set({ iam: { etagMismatch: '409' } });
      expect(await call('PATCH', ITEM, stale)).toMatchObject(errorOf(409, 'ABORTED'));
      expect(await read(call)).toHaveProperty('details.rules', [OTHER]);
      const current = encodeURIComponent(String((await read(call)).etag));
      expect((await done(emulator, call, 'DELETE', `${ITEM}?etag=${current}`)).body.done).toBe(true);
    });
  });

  it('is looked at again when the operation ends: of two writes at a time one is lost, and says so', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call);
      const { etag } = await read(call);
      const write = (description: string): Promise<Answer> =>
        call('PATCH', ITEM, { ...policy({}, [rule({ description })]), etag });
      await write('first');
      expect(await write('second')).toMatchObject(errorOf(409, 'ABORTED'));
      emulator.world.advance(10_000);
      emulator.world.set({ iam: { concurrentWrite: 'lro' } });
      const second = { ...policy({}, [OTHER]), etag: (await read(call)).etag };
      const operations = [await call('PATCH', ITEM, second), await call('PATCH', ITEM, second)];
      emulator.world.advance(10_000);
      const ends = await Promise.all(operations.map(({ body }) => call('GET', `iam/v3/${String(body.name)}`)));
      expect(ends[0]?.body).toHaveProperty('response');
      expect(ends[1]?.body).toMatchObject({ done: true, error: { code: 10 } });
    });
  });

  it('of a policy that is deleted meanwhile helps nobody', async () => {
    await withEmulator(v2World({ settings: { iam: { concurrentWrite: 'lro' } } }), async (emulator, call) => {
      await createPolicy(emulator, call);
      await call('DELETE', ITEM);
      const { body } = await done(emulator, call, 'PATCH', ITEM, policy());
      expect(body).toMatchObject({ done: true, error: { code: 5 } });
    });
  });
});

describe('the deletion of an access policy', () => {
  it('is an operation with an empty response', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call);
      const { body } = await done(emulator, call, 'DELETE', ITEM);
      expect(body).toMatchObject({
        metadata: { verb: 'delete', target: `${NUMBERED}/accessPolicies/agent-egress` },
        done: true,
        response: { '@type': 'type.googleapis.com/google.protobuf.Empty' },
      });
      expect(await call('GET', ITEM)).toMatchObject(MISSING);
      expect(await call('DELETE', ITEM)).toMatchObject(MISSING);
      expect((await createPolicy(emulator, call)).body).toHaveProperty('response.uid');
    });
  });

  it('is refused while the policy is bound, and for a while after', async () => {
    const bound = errorOf(400, 'FAILED_PRECONDITION', {
      message: 'Access policy is referenced by active policy binding(s).',
    });
    await withEmulator(v2World({ settings: { iam: { unbindReplicationMs: 30_000 } } }), async (emulator, call) => {
      await createPolicy(emulator, call);
      await bindPolicy(emulator, call);
      expect(await call('DELETE', ITEM)).toMatchObject(bound);
      await done(emulator, call, 'DELETE', `${BINDINGS}/agent-egress`);
      expect(await call('GET', `${BINDINGS}/agent-egress`)).toMatchObject(MISSING);
      expect(await call('DELETE', ITEM)).toMatchObject(bound);
      emulator.world.advance(30_000);
      expect((await call('DELETE', ITEM)).status).toBe(200);
    });
  });

  it('takes the bindings with it by force', async () => {
    await withEmulator(v2World(), async (emulator, call) => {
      await createPolicy(emulator, call);
      await bindPolicy(emulator, call);
      expect((await done(emulator, call, 'DELETE', `${ITEM}?force=true`)).body.done).toBe(true);
      expect(await call('GET', ITEM)).toMatchObject(MISSING);
      expect((await call('GET', BINDINGS)).body).toEqual({});
    });
  });
});
