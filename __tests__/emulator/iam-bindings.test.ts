import { describe, expect, it } from '@jest/globals';
import type { AccessPolicyInput, SettingsInput } from '../../emulator/index.js';
import { EGRESS, withEmulator, type Json } from './helpers.js';
import {
  AGENT_A,
  binding,
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
  TARGET,
  v2World,
} from './iam-helpers.js';

const ITEM = `${BINDINGS}/agent-egress`;
const CREATE = `${BINDINGS}?policyBindingId=agent-egress`;
const SEARCH = `${BINDINGS}:searchTargetPolicyBindings`;
const ORGANIZATION = '//cloudresourcemanager.googleapis.com/organizations/5550001';
const rules = [{ principals: [AGENT_A] }];
const accessPolicy = (id: string, more: Partial<AccessPolicyInput> = {}): AccessPolicyInput => ({ id, rules, ...more });
const accessPolicies = [accessPolicy('agent-egress')];
const reason = (name: string): Json => ({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: name });
const idsOf = ({ policyBindings = [] }: Json): string[] =>
  (policyBindings as Json[]).map(({ name }) => String(name).split('/').at(-1) ?? '');

describe('policy bindings', () => {
  it.each(['v3', 'v3beta'])('are created by an operation, read, listed and found in %s', async (version) => {
    await withEmulator(v2World(), async (emulator, call) => {
      const { body: created } = await createPolicy(emulator, call);
      const at = (path: string): string => path.replace('iam/v3/', `iam/${version}/`);
      const sent = binding({ displayName: 'Egress', annotations: { 'example.com/owner': 'team-a' } });
      const { status, body } = await call('POST', at(CREATE), sent);
      expect(status).toBe(200);
      expect(body).toMatchObject({
        metadata: {
          '@type': `type.googleapis.com/google.iam.${version}.OperationMetadata`,
          target: `${NUMBERED}/policyBindings/agent-egress`,
          verb: 'create',
          apiVersion: version,
        },
        done: false,
      });
      expect(await call('GET', ITEM)).toMatchObject(MISSING);
      emulator.world.advance(10_000);
      const operation = await call('GET', `iam/${version}/${String(body.name)}`);
      const stored = {
        name: `${NUMBERED}/policyBindings/agent-egress`,
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        policyUid: (created.response as Json).uid,
        etag: expect.any(String),
        createTime: expect.any(String),
        updateTime: expect.any(String),
        ...sent,
      };
      const type = `type.googleapis.com/google.iam.${version}.PolicyBinding`;
      expect(operation.body.response).toEqual({ '@type': type, ...stored });
      expect((await call('GET', at(ITEM))).body).toEqual(stored);
      const list = { policyBindings: [stored] };
      expect((await call('GET', at(BINDINGS))).body).toEqual(list);
      expect((await call('GET', at(`${POLICIES}/agent-egress:searchPolicyBindings`))).body).toEqual(list);
      expect((await call('GET', at(`${SEARCH}?target=${TARGET}`))).body).toEqual(list);
      expect(await call('POST', at(CREATE), sent)).toMatchObject(errorOf(409, 'ALREADY_EXISTS'));
    });
  });

  it('have the kind of their policy when none is sent', async () => {
    await withEmulator(v2World({ accessPolicies }), async (emulator, call) => {
      await bindPolicy(emulator, call, binding({ policyKind: undefined }));
      expect((await call('GET', ITEM)).body).toMatchObject({ policyKind: 'ACCESS' });
    });
  });

  it('print policy and target as they were sent, or with the project as the switch says', async () => {
    await withEmulator(v2World({ accessPolicies }), async (emulator, call) => {
      const byId = '//cloudresourcemanager.googleapis.com/projects/acme-agents';
      await bindPolicy(emulator, call, binding({ target: { resource: byId } }));
      expect((await call('GET', ITEM)).body).toMatchObject(binding({ target: { resource: byId } }));
      expect(idsOf((await call('GET', `${SEARCH}?target=${TARGET}`)).body)).toEqual(['agent-egress']);
      emulator.world.set({ iam: { projectForms: { bindingPolicy: 'number', bindingTarget: 'number' } } });
      expect((await call('GET', ITEM)).body).toMatchObject({
        policy: `${NUMBERED}/accessPolicies/agent-egress`,
        target: { resource: TARGET },
      });
    });
  });

  it.each<[string, Json, string]>([
    ['no target', { target: {} }, 'policy_binding.target'],
    ['a principal set', { target: { principalSet: TARGET } }, 'policy_binding.target'],
    ['no policy', { policy: undefined }, 'policy_binding.policy'],
    ['the policy of another API', { policy: `${PARENT}/principalAccessBoundaryPolicies/x` }, 'policy_binding.policy'],
    ['another kind', { policyKind: 'PRINCIPAL_ACCESS_BOUNDARY' }, 'policy_binding.policy_kind'],
    ['a kind that does not exist', { policyKind: 'ACCESS_POLICY' }, 'policy_binding.policy_kind'],
    ['a condition', { condition: { expression: 'true' } }, 'policy_binding.condition'],
    ['a display name of 64 characters', { displayName: 'x'.repeat(64) }, 'policy_binding.display_name'],
    ['a parent that is not next to the target', { target: { resource: ORGANIZATION } }, 'parent'],
  ])('are refused with %s', async (_what, more, field) => {
    await withEmulator(v2World({ accessPolicies }), async (_, call) => {
      const answer = await call('POST', CREATE, binding(more));
      expect(answer).toMatchObject(INVALID);
      expect(answer.body.error).toMatchObject({ details: [{ fieldViolations: [{ field }] }] });
    });
  });

  it('know regional access boundaries in v3 alone', async () => {
    await withEmulator(v2World({ accessPolicies }), async (_, call) => {
      const body = binding({ policyKind: 'REGIONAL_ACCESS_BOUNDARY' });
      const message = async (path: string): Promise<unknown> =>
        ((await call('POST', path, body)).body.error as Json).message;
      expect(await message(CREATE)).toContain('does not match the kind of the policy');
      expect(await message(CREATE.replace('/v3/', '/v3beta/'))).toContain('TYPE_ENUM');
    });
  });

  it.each([
    `//networkservices.googleapis.com/${EGRESS}`,
    '//agentregistry.googleapis.com/projects/acme-agents/locations/us-central1',
    'projects/101010',
    '//cloudresourcemanager.googleapis.com/projects/nobodys',
  ])('are refused for the target %s by name', async (resource) => {
    await withEmulator(v2World({ accessPolicies }), async (emulator, call) => {
      const body = binding({ target: { resource } });
      const details = [reason('INVALID_TARGET_FULL_RESOURCE_NAME')];
      expect(await call('POST', CREATE, body)).toMatchObject(errorOf(400, 'INVALID_ARGUMENT', { details }));
      emulator.world.set({ iam: { errorNames: 'message' } });
      const { error } = (await call('POST', CREATE, body)).body as { error: Json };
      expect(error.message).toMatch(/^INVALID_TARGET_FULL_RESOURCE_NAME: /);
      expect(error).not.toHaveProperty('details');
    });
  });

  it('may name a gateway when the switch says so', async () => {
    const settings: SettingsInput = { iam: { gatewayTarget: 'accepted' } };
    await withEmulator(v2World({ accessPolicies, settings }), async (emulator, call) => {
      const gateway = (name: string): Json =>
        binding({ target: { resource: `//networkservices.googleapis.com/${name}` } });
      expect((await bindPolicy(emulator, call, gateway(EGRESS))).body).toHaveProperty('response');
      expect(await call('POST', `${BINDINGS}?policyBindingId=other`, gateway(`${EGRESS}-2`))).toMatchObject(INVALID);
    });
  });

  it('need a policy of the same organization that exists', async () => {
    const projects = [
      { id: 'acme-agents', number: '101010', organization: '5550001', folders: ['77'] },
      { id: 'acme-gw', number: '202020', organization: '5550001' },
      { id: 'foreign', number: '303030', organization: '5550002' },
    ];
    const policies = [
      accessPolicy('shared', { on: 'folders/77' }),
      accessPolicy('neighbour', { on: 'projects/acme-gw' }),
      accessPolicy('foreign', { on: 'projects/foreign' }),
    ];
    await withEmulator(v2World({ projects, accessPolicies: policies }), async (emulator, call) => {
      const bind = async (name: string): Promise<unknown> => {
        const id = name.replace(/^.*\//, 'to-');
        return (await bindPolicy(emulator, call, binding({ policy: name }), id)).status;
      };
      expect(await bind('folders/77/locations/global/accessPolicies/shared')).toBe(200);
      expect(await bind('projects/acme-gw/locations/global/accessPolicies/neighbour')).toBe(200);
      expect(await bind('projects/foreign/locations/global/accessPolicies/foreign')).toBe(400);
      const details = [reason('POLICY_NOT_FOUND')];
      expect(await call('POST', CREATE, binding())).toMatchObject(errorOf(404, 'NOT_FOUND', { details }));
      expect(idsOf((await call('GET', `${SEARCH}?target=${TARGET}`)).body)).toEqual(['to-shared', 'to-neighbour']);
      const search = 'iam/v3/folders/77/locations/global/accessPolicies/shared:searchPolicyBindings';
      expect(idsOf((await call('GET', search)).body)).toEqual(['to-shared']);
    });
  });

  it.each(['NOT_FOUND', 'FAILED_PRECONDITION'] as const)(
    'wait until a new policy has replicated: %s',
    async (status) => {
      const settings: SettingsInput = { iam: { replicationMs: 60_000, notReplicated: status } };
      await withEmulator(v2World({ settings }), async (emulator, call) => {
        await createPolicy(emulator, call);
        expect((await call('GET', `${POLICIES}/agent-egress`)).status).toBe(200);
        const refused = errorOf(status === 'NOT_FOUND' ? 404 : 400, status, { details: [reason('POLICY_NOT_FOUND')] });
        expect(await call('POST', CREATE, binding())).toMatchObject(refused);
        emulator.world.advance(60_000);
        expect((await call('POST', CREATE, binding())).status).toBe(200);
      });
    },
  );

  it('can be previewed', async () => {
    await withEmulator(v2World({ accessPolicies }), async (emulator, call) => {
      const { body } = await call('POST', `${CREATE}&validateOnly=true`, binding());
      expect(body).toMatchObject({ done: true, response: { name: `${NUMBERED}/policyBindings/agent-egress` } });
      await bindPolicy(emulator, call);
      expect((await call('DELETE', `${ITEM}?validateOnly=true`)).body).toMatchObject({ done: true });
      emulator.world.advance(10_000);
      expect((await call('GET', ITEM)).status).toBe(200);
    });
  });
});

describe('the limits of bindings', () => {
  const many = ['one', 'two', 'three', 'four', 'five', 'six'];

  it('are five policies for a target', async () => {
    const bound = many.slice(0, 5).map((id) => accessPolicy(id, { boundTo: ['projects/acme-agents'] }));
    await withEmulator(v2World({ accessPolicies: [...bound, ...accessPolicies] }), async (emulator, call) => {
      const details = [reason('TOO_MANY_ACCESS_POLICY_BINDINGS_PER_TARGET')];
      expect(await call('POST', CREATE, binding())).toMatchObject(errorOf(400, 'FAILED_PRECONDITION', { details }));
      await done(emulator, call, 'DELETE', `${BINDINGS}/two`);
      expect((await bindPolicy(emulator, call)).body).toHaveProperty('response');
    });
  });

  it('are five targets for a policy', async () => {
    const projects = many.map((id, index) => ({ id, number: String(index + 1), organization: '5550001' }));
    const shared = accessPolicy('shared', {
      on: 'organizations/5550001',
      boundTo: many.slice(0, 5).map((id) => `projects/${id}`),
    });
    await withEmulator(
      { projects, accessPolicies: [{ ...shared, rules: [{ principals: ['principalSet://goog/group/a@b.c'] }] }] },
      async (_, call) => {
        const body = {
          policy: 'organizations/5550001/locations/global/accessPolicies/shared',
          target: { resource: '//cloudresourcemanager.googleapis.com/projects/6' },
        };
        const details = [reason('TOO_MANY_ACCESS_POLICY_BINDINGS_TO_POLICY')];
        const path = 'iam/v3/projects/six/locations/global/policyBindings?policyBindingId=shared';
        expect(await call('POST', path, body)).toMatchObject(errorOf(400, 'FAILED_PRECONDITION', { details }));
      },
    );
  });

  it('are looked at again when the operation ends', async () => {
    const settings: SettingsInput = { iam: { limits: { bindingsPerTarget: 1 } } };
    const both = [accessPolicy('agent-egress'), accessPolicy('other')];
    await withEmulator(v2World({ accessPolicies: both, settings }), async (emulator, call) => {
      await call('POST', CREATE, binding());
      const { body } = await bindPolicy(emulator, call, binding({}, 'other'), 'other');
      expect(body).toMatchObject({
        done: true,
        error: { code: 9, details: [reason('TOO_MANY_ACCESS_POLICY_BINDINGS_PER_TARGET')] },
      });
      expect(idsOf((await call('GET', BINDINGS)).body)).toEqual(['agent-egress']);
    });
  });
});
