import { describe, expect, it } from '@jest/globals';
import type { WorldInput } from '../../emulator/index.js';
import { withEmulator, type Json } from './helpers.js';
import {
  CONSTRAINTS,
  EGRESS_ID,
  enforced,
  guardedWorld,
  ORGANIZATION,
  policyPath,
  putPolicy,
} from './orgpolicy-helpers.js';

const PROJECT = 'projects/acme-agents';
const ITEM = policyPath(PROJECT);
const INVALID = { status: 400, body: { error: { status: 'INVALID_ARGUMENT' } } };
const MISSING = { status: 404, body: { error: { message: 'Requested entity was not found.', status: 'NOT_FOUND' } } };
const ABORTED = { status: 409, body: { error: { status: 'ABORTED' } } };

describe('organization policies', () => {
  it.each(['projects/acme-agents', 'folders/77', ORGANIZATION])(
    'are created, read, listed and deleted on %s',
    async (node) => {
      await withEmulator(guardedWorld(), async (_, call) => {
        expect(await call('GET', policyPath(node))).toMatchObject(MISSING);
        const created = await putPolicy(call, node, { spec: enforced(), dryRunSpec: enforced() });
        const spec = { ...enforced(), etag: expect.any(String), updateTime: expect.any(String) };
        expect(created.body).toEqual({
          name: `${node.replace('acme-agents', '101010')}/policies/${EGRESS_ID}`,
          spec,
          dryRunSpec: spec,
          etag: expect.any(String),
        });
        expect((await call('GET', policyPath(node))).body).toEqual(created.body);
        expect((await call('GET', `orgpolicy/v2/${node}/policies`)).body).toEqual({ policies: [created.body] });
        expect(await putPolicy(call, node, { spec: enforced() })).toMatchObject({
          status: 409,
          body: { error: { status: 'ALREADY_EXISTS' } },
        });
        expect(await call('DELETE', policyPath(node))).toEqual({ status: 200, body: {} });
        expect(await call('DELETE', policyPath(node))).toMatchObject(MISSING);
      });
    },
  );

  it('of a project are the same by ID and by number', async () => {
    await withEmulator(guardedWorld(), async (_, call) => {
      const created = await call('POST', 'orgpolicy/v2/projects/101010/policies', {
        name: `${PROJECT}/policies/${EGRESS_ID}`,
        spec: enforced(),
      });
      expect(created.status).toBe(200);
      expect((await call('GET', ITEM)).body).toEqual(created.body);
      expect((await call('GET', policyPath('projects/101010'))).body).toEqual(created.body);
    });
  });

  it('replace what the mask names, with an empty one the spec, or both when both are sent', async () => {
    await withEmulator(guardedWorld(), async (_, call) => {
      const patch = async (mask: string, body: Json): Promise<Json> =>
        (await call('PATCH', `${ITEM}?updateMask=${mask}`, body)).body;
      const shown = (body: Json): unknown =>
        [body.spec, body.dryRunSpec].map((spec) => (spec as Json | undefined)?.rules);
      const [on, off] = [[{ enforce: true }], [{ enforce: false }]];
      await putPolicy(call, PROJECT, { spec: enforced(false), dryRunSpec: enforced(false) });
      expect(shown(await patch('policy.spec', { spec: enforced() }))).toEqual([on, off]);
      expect(shown(await patch('policy.dry_run_spec', { spec: enforced(false), dryRunSpec: enforced() }))).toEqual([
        on,
        on,
      ]);
      expect(shown(await patch('policy.spec,policy.dryRunSpec', { spec: enforced() }))).toEqual([on, undefined]);
      expect(shown(await patch('*', { dryRunSpec: enforced() }))).toEqual([undefined, on]);
      expect(shown(await patch('', { spec: enforced() }))).toEqual([on, on]);
      expect(shown(await patch('', { dryRunSpec: enforced(false) }))).toEqual([undefined, off]);
      for (const mask of ['spec', 'policy', 'policy.etag', 'policy.spec.rules']) {
        expect(await call('PATCH', `${ITEM}?updateMask=${mask}`, { spec: enforced() })).toMatchObject(INVALID);
      }
    });
  });

  it('are overwritten in full whatever the mask says, when the switch is so', async () => {
    const settings = { orgPolicy: { maskedUpdate: 'whole-policy' as const } };
    await withEmulator(guardedWorld({ settings }), async (_, call) => {
      await putPolicy(call, PROJECT, { spec: enforced(false), dryRunSpec: enforced() });
      const { body } = await call('PATCH', `${ITEM}?updateMask=policy.spec`, { spec: enforced() });
      expect(body).toMatchObject({ spec: enforced() });
      expect(body).not.toHaveProperty('dryRunSpec');
    });
  });

  it('get a new etag at each write and refuse a stale one', async () => {
    await withEmulator(guardedWorld(), async (emulator, call) => {
      const first = await putPolicy(call, PROJECT, { spec: enforced() });
      const { etag } = first.body;
      const second = await call('PATCH', ITEM, { etag, spec: enforced(false) });
      expect(second.status).toBe(200);
      expect(second.body.etag).not.toBe(etag);
      expect(await call('PATCH', ITEM, { etag, spec: enforced() })).toMatchObject(ABORTED);
      const staleSpec = { ...enforced(), etag: (first.body.spec as Json).etag };
      expect(await call('PATCH', ITEM, { spec: staleSpec })).toMatchObject(ABORTED);
      expect(await call('DELETE', `${ITEM}?etag=${String(etag)}`)).toMatchObject(ABORTED);
      expect((await call('GET', ITEM)).body).toEqual(second.body);

      emulator.world.set({ orgPolicy: { foreignWrites: 1 } });
      expect(await call('PATCH', ITEM, { etag: second.body.etag, spec: enforced() })).toMatchObject(ABORTED);
      const { body } = await call('GET', ITEM);
      expect(body).toMatchObject({ spec: enforced(false) });
      expect((await call('PATCH', ITEM, { etag: body.etag, spec: enforced() })).status).toBe(200);
      const last = String((await call('GET', ITEM)).body.etag);
      expect((await call('DELETE', `${ITEM}?etag=${encodeURIComponent(last)}`)).status).toBe(200);
    });
  });

  it.each<[string, Json]>([
    ['nothing in it', {}],
    ['two rules without a condition', { spec: { rules: [{ enforce: true }, { enforce: false }] } }],
    ['no rule', { spec: {} }],
    ['a rule that says nothing', { spec: { rules: [{}] } }],
    ['a rule for lists', { spec: { rules: [{ enforce: true, allowAll: true }] } }],
    ['inheritance', { spec: { ...enforced(), inheritFromParent: true } }],
    ['rules besides a reset', { dryRunSpec: { ...enforced(), reset: true } }],
    [
      'a conditional rule that says the same',
      { spec: { rules: [{ enforce: true }, { enforce: true, condition: {} }] } },
    ],
    ['an unknown field', { spec: { ...enforced(), enforced: true } }],
    ['a name of another node', { name: `folders/77/policies/${EGRESS_ID}`, spec: enforced() }],
    [
      'more than 32 KB',
      { spec: enforced(), dryRunSpec: { rules: [{ enforce: true, parameters: { a: 'x'.repeat(33_000) } }] } },
    ],
  ])('are refused with %s', async (_, policy) => {
    await withEmulator(guardedWorld(), async (_emulator, call) => {
      expect(await putPolicy(call, PROJECT, policy)).toMatchObject(INVALID);
    });
  });

  it('need their constraint, also to be changed or deleted', async () => {
    await withEmulator(guardedWorld(), async (_, call) => {
      expect(await putPolicy(call, PROJECT, { spec: enforced() }, 'custom.nope')).toMatchObject(MISSING);
      await putPolicy(call, PROJECT, { spec: enforced() });
      await call('DELETE', `${CONSTRAINTS}/${EGRESS_ID}`);
      expect((await call('GET', ITEM)).status).toBe(200);
      expect(await call('PATCH', ITEM, { spec: enforced(false) })).toMatchObject(MISSING);
      expect(await call('DELETE', ITEM)).toMatchObject(MISSING);
    });
  });

  it("of Google's own constraints are only stored", async () => {
    await withEmulator(guardedWorld(), async (_, call) => {
      const spec = { rules: [{ values: { allowedValues: ['in:us-locations'] } }], inheritFromParent: true };
      const created = await putPolicy(call, 'folders/77', { spec }, 'gcp.resourceLocations');
      expect(created).toMatchObject({ status: 200, body: { spec } });
      const effective = await call('GET', `${policyPath(PROJECT, 'gcp.resourceLocations')}:getEffectivePolicy`);
      expect(effective.body).toMatchObject({ spec: { rules: spec.rules } });
    });
  });

  it('tell what is in force at a node: the closest one, and off by default', async () => {
    await withEmulator(guardedWorld(), async (_, call) => {
      const at = async (node: string): Promise<Json> =>
        (await call('GET', `${policyPath(node)}:getEffectivePolicy`)).body;
      const name = `projects/101010/policies/${EGRESS_ID}`;
      expect(await at(PROJECT)).toEqual({ name, spec: enforced(false) });
      await putPolicy(call, ORGANIZATION, { spec: enforced(), dryRunSpec: enforced() });
      expect(await at(PROJECT)).toEqual({ name, spec: enforced(), dryRunSpec: enforced() });
      await putPolicy(call, 'folders/77', { spec: { reset: true } });
      expect(await at('folders/77')).toMatchObject({ spec: enforced(false) });
      expect(await at(PROJECT)).toMatchObject({ spec: enforced(false), dryRunSpec: enforced() });
      const unless = { enforce: false, condition: { expression: "resource.matchTag('5550001/env', 'test')" } };
      await putPolicy(call, PROJECT, { spec: { rules: [unless, { enforce: true }] } });
      expect(await at('projects/101010')).toEqual({ name, spec: enforced(), dryRunSpec: enforced() });
      expect(await at(ORGANIZATION)).toMatchObject({ spec: enforced() });
    });
  });

  it('want the permission of each method, and a node that is there', async () => {
    await withEmulator(guardedWorld(), async (emulator, call) => {
      await putPolicy(call, PROJECT, { spec: enforced() });
      const calls = [
        ['policy.get', 'GET', ITEM],
        ['policy.get', 'GET', `${ITEM}:getEffectivePolicy`],
        ['policies.list', 'GET', `orgpolicy/v2/${PROJECT}/policies`],
        ['policies.create', 'POST', `orgpolicy/v2/${PROJECT}/policies`],
        ['policies.update', 'PATCH', ITEM],
        ['policies.delete', 'DELETE', ITEM],
      ] as const;
      for (const [verb, method, path] of calls) {
        emulator.world.deny(`orgpolicy.${verb}`);
        expect(await call(method, path, method === 'PATCH' ? { spec: enforced() } : undefined)).toMatchObject({
          status: 403,
          body: { error: { details: [{ metadata: { permission: `orgpolicy.${verb}` } }] } },
        });
        emulator.world.allow(`orgpolicy.${verb}`);
      }
      expect(await call('GET', policyPath('folders/78'))).toMatchObject(MISSING);
      expect((await call('GET', policyPath('projects/nobody'))).status).toBe(403);
    });
  });
});

describe('a world with organization policies', () => {
  it('starts with them, and its dump shows them', async () => {
    const orgPolicies = [
      { on: PROJECT, constraint: EGRESS_ID, enforce: true },
      { on: 'folders/77', constraint: EGRESS_ID, dryRun: true },
      { on: ORGANIZATION, constraint: 'gcp.resourceLocations', spec: { rules: [{ denyAll: true }] } },
    ];
    await withEmulator(guardedWorld({ orgPolicies }), async (emulator, call) => {
      const dump = emulator.world.dump();
      expect(dump.customConstraints).toEqual([(await call('GET', `${CONSTRAINTS}/${EGRESS_ID}`)).body]);
      expect(dump.orgPolicies).toMatchObject([
        { spec: enforced() },
        { dryRunSpec: enforced() },
        { etag: expect.any(String) },
      ]);
      expect(dump.dryRunViolations).toEqual([]);
      expect((await call('GET', ITEM)).body).toMatchObject({ spec: enforced() });
    });
  });

  const wrong: [string, Partial<WorldInput>, string][] = [
    ['CEL', { customConstraints: [{ id: 'custom.x', condition: 'nope(' }] }, 'custom.x: Invalid CEL condition'],
    ['a name', { customConstraints: [{ id: 'custom.x-y', condition: 'true' }] }, 'Invalid custom constraint name'],
    ['a node', { orgPolicies: [{ on: 'folders/9', constraint: EGRESS_ID, enforce: true }] }, 'there is no folders/9'],
    [
      'a constraint',
      { orgPolicies: [{ on: PROJECT, constraint: 'custom.z', enforce: true }] },
      'no such custom constraint',
    ],
    [
      'a policy',
      { orgPolicies: [{ on: PROJECT, constraint: EGRESS_ID }] },
      'needs enforce, dryRun, spec or dryRunSpec',
    ],
    ['an action', { customConstraints: [{ id: 'custom.x', condition: 'true', action: 'BLOCK' as 'DENY' }] }, 'action'],
    [
      'an organization',
      { customConstraints: [{ id: 'custom.x', condition: 'true', organization: '1' }] },
      'there is no organization 1',
    ],
  ];
  it.each(wrong)('is refused when %s is wrong', async (_, more, message) => {
    await expect(withEmulator(guardedWorld(more), () => Promise.resolve())).rejects.toThrow(message);
  });
});
