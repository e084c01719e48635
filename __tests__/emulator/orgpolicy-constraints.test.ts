import { describe, expect, it } from '@jest/globals';
import { without } from '../support/without.js';
import { baseWorld, withEmulator, type Json } from './helpers.js';
import { conditionFor, constraint, CONSTRAINTS, EGRESS_ID, FIELD, ORGANIZATION } from './orgpolicy-helpers.js';

const ITEM = `${CONSTRAINTS}/${EGRESS_ID}`;
const INVALID = { status: 400, body: { error: { status: 'INVALID_ARGUMENT' } } };
const MISSING = {
  status: 404,
  body: { error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' } },
};

describe('custom constraints', () => {
  it('are created, read, listed by page and deleted', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      expect(await call('GET', ITEM)).toEqual(MISSING);
      expect(await call('GET', CONSTRAINTS)).toEqual({ status: 200, body: {} });
      const created = await call('POST', CONSTRAINTS, constraint());
      expect(created).toEqual({ status: 200, body: { ...constraint(), updateTime: expect.stringMatching(/Z$/) } });
      expect(created.body).not.toHaveProperty('etag');
      expect((await call('GET', ITEM)).body).toEqual(created.body);
      await call('POST', CONSTRAINTS, constraint({}, 'custom.another'));
      const first = await call('GET', `${CONSTRAINTS}?pageSize=1`);
      expect(first.body.customConstraints).toEqual([created.body]);
      const second = await call('GET', `${CONSTRAINTS}?pageSize=1&pageToken=${String(first.body.nextPageToken)}`);
      expect(second.body).toMatchObject({ customConstraints: [{ name: expect.stringMatching(/custom\.another$/) }] });
      expect(second.body).not.toHaveProperty('nextPageToken');
      expect(await call('DELETE', ITEM)).toEqual({ status: 200, body: {} });
      expect(await call('DELETE', ITEM)).toEqual(MISSING);
    });
  });

  it('take both spellings of keys and answer in camelCase', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      const { resourceTypes, methodTypes, actionType, displayName, ...rest } = constraint();
      const snake = {
        ...rest,
        resource_types: resourceTypes,
        method_types: methodTypes,
        action_type: actionType,
        display_name: displayName,
      };
      expect((await call('POST', CONSTRAINTS, snake)).body).toMatchObject(constraint());
    });
  });

  it('are overwritten in full by a PATCH, which has no mask', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      await call('POST', CONSTRAINTS, constraint());
      const bare = without(constraint({ actionType: 'DENY' }), 'displayName', 'description');
      const patched = await call('PATCH', ITEM, bare);
      expect(patched.body).toEqual({ ...bare, updateTime: expect.any(String) });
      expect((await call('GET', ITEM)).body).toEqual(patched.body);
      expect(await call('PATCH', ITEM, { name: bare.name, displayName: 'alone' })).toMatchObject(INVALID);
      expect(await call('PATCH', `${ITEM}?updateMask=condition`, bare)).toMatchObject(INVALID);
      expect(await call('PATCH', ITEM, { ...bare, resourceTypes: ['compute.googleapis.com/Instance'] })).toMatchObject(
        INVALID,
      );
      expect(await call('PATCH', `${CONSTRAINTS}/custom.nope`, constraint())).toEqual(MISSING);
    });
  });

  it('refuse a second one of the same name, and the name of a deleted one', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const exists = { status: 409, body: { error: { status: 'ALREADY_EXISTS' } } };
      await call('POST', CONSTRAINTS, constraint());
      expect(await call('POST', CONSTRAINTS, constraint())).toMatchObject(exists);
      await call('DELETE', ITEM);
      expect(await call('POST', CONSTRAINTS, constraint())).toMatchObject(exists);
      emulator.world.set({ orgPolicy: { deletedConstraintName: 'reusable' } });
      expect(await call('POST', CONSTRAINTS, constraint())).toMatchObject({ status: 200 });
    });
  });

  it.each<[string, Json]>([
    ['a name without custom.', { name: `${ORGANIZATION}/customConstraints/mine` }],
    ['a name with other signs', { name: `${ORGANIZATION}/customConstraints/custom.my-constraint` }],
    ['a name that is too long', { name: `${ORGANIZATION}/customConstraints/custom.${'x'.repeat(72)}` }],
    ['the name of another organization', { name: `organizations/1/customConstraints/${EGRESS_ID}` }],
    ['no resource type', { resourceTypes: [] }],
    ['a resource type without its service', { resourceTypes: ['ReasoningEngine'] }],
    ['no method', { methodTypes: [] }],
    ['UPDATE alone', { methodTypes: ['UPDATE'] }],
    ['DELETE', { methodTypes: ['CREATE', 'DELETE'] }],
    ['a method that does not exist', { methodTypes: ['PATCH'] }],
    ['no action', { actionType: 'ACTION_TYPE_UNSPECIFIED' }],
    ['a field that does not exist', { etag: 'x' }],
    ['no condition', { condition: ' ' }],
    ['a condition of 1001 characters', { condition: `true${' '.repeat(997)}` }],
    ['a long display name', { displayName: 'x'.repeat(201) }],
    ['a condition that is no CEL', { condition: 'resource.spec &&' }],
    ['a condition that is not true or false', { condition: 'resource.displayName' }],
    ['a condition with an unknown variable', { condition: 'engine.displayName == "x"' }],
    ['a condition with a field that engines do not have', { condition: FIELD.replace('ToAny', 'toAny') + ' == "x"' }],
    ['has() of a field that engines do not have', { condition: `has(${FIELD}s)` }],
    ['has() of no field', { condition: 'has(resource)' }],
  ])('refuse %s', async (_, more) => {
    await withEmulator(baseWorld(), async (_emulator, call) => {
      expect(await call('POST', CONSTRAINTS, constraint(more))).toMatchObject(INVALID);
    });
  });

  it('hold a condition of 1000 characters, and 71 of a name', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      const condition = conditionFor('x').padEnd(1000);
      const long = constraint({ condition }, `custom.${'x'.repeat(71)}`);
      expect(await call('POST', CONSTRAINTS, long)).toMatchObject({ status: 200, body: { condition } });
    });
  });

  it('of other resources may name any field, and are 20 for one type', async () => {
    await withEmulator(baseWorld(), async (_, call) => {
      const other = (id: string): Json =>
        constraint(
          { resourceTypes: ['container.googleapis.com/NodePool'], condition: 'resource.management.autoUpgrade' },
          id,
        );
      for (let index = 0; index < 20; index += 1) {
        expect((await call('POST', CONSTRAINTS, other(`custom.c${index}`))).status).toBe(200);
      }
      expect(await call('POST', CONSTRAINTS, other('custom.c20'))).toMatchObject({
        status: 400,
        body: { error: { status: 'FAILED_PRECONDITION' } },
      });
      expect((await call('POST', CONSTRAINTS, constraint())).status).toBe(200);
    });
  });

  it('want the permission of each method, and an organization that is there', async () => {
    const permissions = { GET: 'get', POST: 'create', PATCH: 'update', DELETE: 'delete' };
    await withEmulator(baseWorld(), async (emulator, call) => {
      await call('POST', CONSTRAINTS, constraint());
      for (const [method, verb] of Object.entries(permissions)) {
        const permission = `orgpolicy.customConstraints.${verb}`;
        emulator.world.deny(permission, ORGANIZATION);
        const body = method === 'GET' || method === 'DELETE' ? undefined : constraint();
        const answer = await call(method, method === 'POST' ? CONSTRAINTS : ITEM, body);
        expect(answer).toMatchObject({
          status: 403,
          body: { error: { details: [{ reason: 'IAM_PERMISSION_DENIED', metadata: { permission } }] } },
        });
        emulator.world.allow(permission);
      }
      expect(await call('GET', CONSTRAINTS.replace('5550001', '42'))).toEqual(MISSING);
    });
  });

  it('are off with the API', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      emulator.world.disableApi('orgpolicy.googleapis.com');
      const answer = await call('GET', CONSTRAINTS, undefined, { 'x-goog-user-project': 'acme-agents' });
      expect(answer).toMatchObject({ status: 403, body: { error: { details: [{ reason: 'SERVICE_DISABLED' }, {}] } } });
      expect((await call('GET', 'orgpolicy/v2/projects/acme-agents/policies')).status).toBe(403);
    });
  });
});
