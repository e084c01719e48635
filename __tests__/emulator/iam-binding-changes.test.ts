import { describe, expect, it } from '@jest/globals';
import type { AccessPolicyInput, PolicyBindingInput } from '../../emulator/index.js';
import { withEmulator, type Json } from './helpers.js';
import {
  AGENT_A,
  BINDINGS,
  done,
  errorOf,
  INVALID,
  MISSING,
  NUMBERED,
  PARENT,
  TARGET,
  v2World,
} from './iam-helpers.js';

const ITEM = `${BINDINGS}/agent-egress`;
const SEARCH = `${BINDINGS}:searchTargetPolicyBindings`;
const ORGANIZATION = '//cloudresourcemanager.googleapis.com/organizations/5550001';
const rules = [{ principals: [AGENT_A] }];
const accessPolicy = (id: string, more: Partial<AccessPolicyInput> = {}): AccessPolicyInput => ({ id, rules, ...more });
const accessPolicies = [accessPolicy('agent-egress')];
const idsOf = ({ policyBindings = [] }: Json): string[] =>
  (policyBindings as Json[]).map(({ name }) => String(name).split('/').at(-1) ?? '');

describe('a change of a binding', () => {
  const bindings: PolicyBindingInput[] = [
    { id: 'agent-egress', policy: 'agent-egress', target: 'projects/acme-agents' },
  ];
  const world = v2World({ accessPolicies: [...accessPolicies, accessPolicy('other')], policyBindings: bindings });

  it('reaches name and annotations, with a mask or without, under a new etag', async () => {
    await withEmulator(world, async (emulator, call) => {
      const { etag, uid } = (await call('GET', ITEM)).body;
      const body = { etag, displayName: 'Egress', annotations: { a: '1' } };
      await done(emulator, call, 'PATCH', `${ITEM}?updateMask=display_name`, body);
      const first = (await call('GET', ITEM)).body;
      expect(first).toMatchObject({ displayName: 'Egress', uid });
      expect(first).not.toHaveProperty('annotations');
      await done(emulator, call, 'PATCH', ITEM, { annotations: { a: '1' } });
      expect((await call('GET', ITEM)).body).toMatchObject({ displayName: 'Egress', annotations: { a: '1' } });
      await done(emulator, call, 'PATCH', `${ITEM}?updateMask=*`, { displayName: 'Other' });
      expect((await call('GET', ITEM)).body).not.toHaveProperty('annotations');
      expect(await call('PATCH', ITEM, body)).toMatchObject(errorOf(412, 'ABORTED'));
    });
  });

  it.each<[string, string, Json]>([
    ['the policy', '', { policy: `${PARENT}/accessPolicies/other` }],
    ['the policy by mask', '?updateMask=policy', { policy: `${PARENT}/accessPolicies/other` }],
    ['the target', '', { target: { resource: ORGANIZATION } }],
    ['the kind', '', { policyKind: 'PRINCIPAL_ACCESS_BOUNDARY' }],
    ['a condition', '', { condition: { expression: 'true' } }],
  ])('never reaches %s', async (_what, query, body) => {
    await withEmulator(world, async (_, call) => {
      expect(await call('PATCH', `${ITEM}${query}`, body)).toMatchObject(INVALID);
    });
  });

  it('may repeat what it cannot change, by ID or by number', async () => {
    await withEmulator(world, async (_, call) => {
      const same = { policy: `${NUMBERED}/accessPolicies/agent-egress`, target: { resource: TARGET } };
      expect((await call('PATCH', ITEM, { ...same, displayName: 'Egress' })).status).toBe(200);
    });
  });

  it('or its deletion is refused with a stale etag', async () => {
    await withEmulator(world, async (emulator, call) => {
      expect(await call('DELETE', `${ITEM}?etag=stale`)).toMatchObject(errorOf(412, 'ABORTED'));
      const etag = encodeURIComponent(String((await call('GET', ITEM)).body.etag));
      const { body } = await done(emulator, call, 'DELETE', `${ITEM}?etag=${etag}`);
      expect(body).toMatchObject({
        metadata: { verb: 'delete' },
        response: { '@type': expect.stringContaining('Empty') },
      });
      expect(await call('DELETE', ITEM)).toMatchObject(MISSING);
    });
  });
});

describe('looking for bindings', () => {
  const world = v2World({
    accessPolicies: [
      accessPolicy('alpha', { boundTo: ['projects/acme-agents'] }),
      accessPolicy('beta', { boundTo: ['projects/acme-agents'] }),
      accessPolicy('guardrail', { on: 'organizations/5550001', boundTo: ['organizations/5550001'] }),
    ],
    policyBindings: [
      {
        id: 'guarded',
        policy: 'organizations/5550001/locations/global/accessPolicies/guardrail',
        target: 'projects/acme-agents',
      },
    ],
  });

  it.each([
    ['', ['alpha', 'beta', 'guarded']],
    ['policy:alpha', ['alpha']],
    ['POLICY:ALPHA', ['alpha']],
    ['policy:al', []],
    ['policy:a*', ['alpha']],
    ['policy:organizations/5550001/*', ['guarded']],
    ['target:acme-agents', ['alpha', 'beta', 'guarded']],
    ['target:"//cloudresourcemanager.googleapis.com/projects/*"', ['alpha', 'beta', 'guarded']],
    ['target:other', []],
  ])('list with the filter %j', async (filter, expected) => {
    await withEmulator(world, async (_, call) => {
      expect(idsOf((await call('GET', `${BINDINGS}?filter=${encodeURIComponent(filter)}`)).body)).toEqual(expected);
    });
  });

  it('refuses filters it does not have', async () => {
    await withEmulator(world, async (_, call) => {
      expect(await call('GET', `${BINDINGS}?filter=policyKind=ACCESS`)).toMatchObject(INVALID);
      expect(await call('GET', `${SEARCH}?target=${TARGET}&filter=policy:x`)).toMatchObject(INVALID);
    });
  });

  it('by target finds what is bound to exactly that, by its kind', async () => {
    await withEmulator(world, async (_, call) => {
      const search = async (query: string): Promise<string[]> =>
        idsOf((await call('GET', `${SEARCH}?target=${TARGET}${query}`)).body);
      expect(await search('')).toEqual(['alpha', 'beta', 'guarded']);
      expect(await search('&filter=policy_kind=ACCESS')).toEqual(['alpha', 'beta', 'guarded']);
      expect(await search('&filter=policy_kind=PRINCIPAL_ACCESS_BOUNDARY')).toEqual([]);
      const first = (await call('GET', `${SEARCH}?target=${TARGET}&pageSize=2`)).body;
      expect(idsOf(first)).toEqual(['alpha', 'beta']);
      expect(await search(`&pageToken=${String(first.nextPageToken)}`)).toEqual(['guarded']);
      const above = `iam/v3/organizations/5550001/locations/global/policyBindings:searchTargetPolicyBindings?target=${ORGANIZATION}`;
      expect(idsOf((await call('GET', above)).body)).toEqual(['guardrail']);
    });
  });

  it('by target wants the number of a project, and the parent next to it', async () => {
    await withEmulator(world, async (_, call) => {
      for (const target of ['', TARGET.replace('101010', 'acme-agents'), 'projects/101010', ORGANIZATION])
        expect(await call('GET', `${SEARCH}?target=${target}`)).toMatchObject(INVALID);
    });
  });
});
