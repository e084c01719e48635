import { describe, expect, it } from '@jest/globals';
import { startEmulator } from '../../../emulator/index.js';
import { createHosts } from '../../../src/google/hosts.js';
import { MissingEtagError } from '../../../src/google/iap.js';
import { ResourceNameError } from '../../../src/google/names.js';
import { createOrgPolicy, type OrgPolicy } from '../../../src/google/orgpolicy.js';
import type { CustomConstraint, OrganizationPolicy } from '../../../src/google/types.js';
import { errorAnswer, fakeFetch, testHttp, thrownBy, type Answer, type Call } from './fakes.js';

const NAME = 'organizations/5550001/customConstraints/custom.allowlistedEgressAgentGatewaysForAgentEngine';
const POLICY = 'projects/acme-agents/policies/custom.allowlistedEgressAgentGatewaysForAgentEngine';
const ROOT = 'https://orgpolicy.googleapis.com/v2';
const MASK = 'updateMask=policy.spec,policy.dryRunSpec';

const constraint: CustomConstraint = {
  name: NAME,
  resourceTypes: ['aiplatform.googleapis.com/ReasoningEngine'],
  methodTypes: ['CREATE', 'UPDATE'],
  actionType: 'ALLOW',
  condition: "resource.displayName != 'x'",
};
const policy: OrganizationPolicy = { name: POLICY, etag: 'e1', spec: { rules: [{ enforce: true }] } };

function client(...answers: Answer[]): { orgpolicy: OrgPolicy; calls: Call[] } {
  const { fetch, calls } = fakeFetch(...answers);
  return { calls, orgpolicy: createOrgPolicy(testHttp({ fetch })) };
}

const asked = (calls: readonly Call[]): string[] =>
  calls.map(({ method, url }) => `${method} ${decodeURIComponent(url)}`);
const bodyOf = (call: Call | undefined): unknown => (call?.body === undefined ? undefined : JSON.parse(call.body));

describe('orgpolicy', () => {
  it('sends constraints whole and without a mask', async () => {
    const { orgpolicy, calls } = client({ json: constraint });
    expect(await orgpolicy.getConstraint(NAME)).toEqual(constraint);
    expect(await orgpolicy.createConstraint(constraint)).toEqual(constraint);
    await orgpolicy.patchConstraint(constraint);
    expect(asked(calls)).toEqual([
      `GET ${ROOT}/${NAME}`,
      `POST ${ROOT}/organizations/5550001/customConstraints`,
      `PATCH ${ROOT}/${NAME}`,
    ]);
    expect(calls.map(bodyOf)).toEqual([undefined, constraint, constraint]);
  });

  it('sends policies with their etag and with both specs in the mask', async () => {
    const { orgpolicy, calls } = client({ json: policy });
    expect(await orgpolicy.getPolicy(POLICY)).toEqual(policy);
    await orgpolicy.createPolicy(policy);
    await orgpolicy.patchPolicy(policy);
    await orgpolicy.deletePolicy(POLICY, 'e/1-');
    expect(asked(calls)).toEqual([
      `GET ${ROOT}/${POLICY}`,
      `POST ${ROOT}/projects/acme-agents/policies`,
      `PATCH ${ROOT}/${POLICY}?${MASK}`,
      `DELETE ${ROOT}/${POLICY}?etag=e/1-`,
    ]);
    expect(calls.map(bodyOf)).toEqual([undefined, policy, policy, undefined]);
  });

  it('writes no policy without an etag', async () => {
    const { orgpolicy, calls } = client({});
    for (const etag of [undefined, '']) {
      expect(await thrownBy(() => orgpolicy.deletePolicy(POLICY, etag))).toBeInstanceOf(MissingEtagError);
    }
    expect(await thrownBy(() => orgpolicy.patchPolicy({ name: POLICY }))).toBeInstanceOf(MissingEtagError);
    expect(calls).toHaveLength(0);
  });

  it('sends nothing under a name of another form', async () => {
    const { orgpolicy, calls } = client({});
    const constraints = [
      '',
      'custom.x',
      'organizations/1/customConstraints/x',
      `${NAME}/x`,
      `folders/${NAME}`,
      `${NAME}:x`,
    ];
    const policies = [
      '',
      'policies/custom.x',
      'projects/p/policies/',
      `${POLICY}:getEffectivePolicy`,
      `engines/${POLICY}`,
    ];
    for (const name of constraints) {
      expect(await thrownBy(() => orgpolicy.getConstraint(name))).toBeInstanceOf(ResourceNameError);
      expect(await thrownBy(() => orgpolicy.createConstraint({ ...constraint, name }))).toBeInstanceOf(
        ResourceNameError,
      );
    }
    for (const name of policies) {
      expect(await thrownBy(() => orgpolicy.createPolicy({ ...policy, name }))).toBeInstanceOf(ResourceNameError);
      expect(await thrownBy(() => orgpolicy.patchPolicy({ ...policy, name }))).toBeInstanceOf(ResourceNameError);
      expect(await thrownBy(() => orgpolicy.deletePolicy(name, 'e'))).toBeInstanceOf(ResourceNameError);
    }
    expect(calls).toHaveLength(0);
  });

  const writes: [string, (orgpolicy: OrgPolicy) => Promise<unknown>, readonly number[]][] = [
    ['createConstraint', (orgpolicy) => orgpolicy.createConstraint(constraint), [429, 503]],
    ['patchConstraint', (orgpolicy) => orgpolicy.patchConstraint(constraint), [429]],
    ['createPolicy', (orgpolicy) => orgpolicy.createPolicy(policy), [429, 503]],
    ['patchPolicy', (orgpolicy) => orgpolicy.patchPolicy(policy), [429, 503]],
    ['deletePolicy', (orgpolicy) => orgpolicy.deletePolicy(POLICY, 'e1'), [429, 503]],
  ];
  it.each(writes)('%s is sent again only when it was surely not taken', async (_, write, again) => {
    const reset = new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
    for (const failure of [429, 500, 502, 503, 504, 409]) {
      const { orgpolicy, calls } = client({ status: failure }, { json: {} });
      const isSentAgain = again.includes(failure);
      await (isSentAgain ? write(orgpolicy) : thrownBy(() => write(orgpolicy)));
      expect([failure, calls.length]).toEqual([failure, isSentAgain ? 2 : 1]);
    }
    const { orgpolicy, calls } = client(reset, { json: {} });
    expect(await thrownBy(() => write(orgpolicy))).toMatchObject({ name: 'NetworkError' });
    expect(calls).toHaveLength(1);
  });

  it('reads again when the server stumbles, and passes errors on', async () => {
    const { orgpolicy, calls } = client({ status: 502 }, { json: policy });
    expect(await orgpolicy.getPolicy(POLICY)).toEqual(policy);
    expect(calls).toHaveLength(2);
    const missing = client(errorAnswer(404, 'NOT_FOUND', 'Requested entity was not found.'));
    expect(await thrownBy(() => missing.orgpolicy.getConstraint(NAME))).toMatchObject({
      status: 404,
      rpcStatus: 'NOT_FOUND',
      api: 'orgpolicy',
    });
  });

  it.each<[string, object]>([
    ['a condition that is a number', { condition: 1 }],
    ['methods that are a text', { methodTypes: 'CREATE' }],
    ['types that are no texts', { resourceTypes: [{}] }],
    ['a description that is a list', { description: [] }],
  ])('takes no constraint with %s', async (_what, more) => {
    const { orgpolicy } = client({ json: { ...constraint, ...more } });
    expect(await thrownBy(() => orgpolicy.getConstraint(NAME))).toMatchObject({ name: 'ProtocolError' });
    expect(await thrownBy(() => orgpolicy.patchConstraint(constraint))).toMatchObject({ name: 'ProtocolError' });
  });

  it.each<[string, object]>([
    ['a spec that is a text', { spec: 'on' }],
    ['rules that are a map', { dryRunSpec: { rules: {} } }],
    ['a rule that is a text', { spec: { rules: ['enforce'] } }],
    ['enforce that is a text', { spec: { rules: [{ enforce: 'true' }] } }],
    ['an etag that is a number', { etag: 1 }],
  ])('takes no policy with %s', async (_what, more) => {
    const { orgpolicy } = client({ json: { ...policy, ...more } });
    expect(await thrownBy(() => orgpolicy.getPolicy(POLICY))).toMatchObject({ name: 'ProtocolError' });
    expect(await thrownBy(() => orgpolicy.patchPolicy(policy))).toMatchObject({ name: 'ProtocolError' });
  });
});

describe('orgpolicy against the emulator', () => {
  it('creates and changes a constraint and its policy, and removes the policy', async () => {
    const project = { id: 'acme-agents', number: '101010', organization: '5550001' };
    const emulator = await startEmulator({ world: { projects: [project] } });
    try {
      const hosts = createHosts({ universe: 'googleapis.com', region: 'us-central1', env: emulator.env });
      const orgpolicy = createOrgPolicy(testHttp({ fetch, hosts }));
      await orgpolicy.createConstraint(constraint);
      await orgpolicy.patchConstraint({ ...constraint, displayName: 'Approved gateways' });
      expect(await orgpolicy.getConstraint(NAME)).toMatchObject({ ...constraint, displayName: 'Approved gateways' });
      const created = await orgpolicy.createPolicy({ name: POLICY, dryRunSpec: { rules: [{ enforce: true }] } });
      const spec = { rules: [{ enforce: true }] };
      const patched = await orgpolicy.patchPolicy({ name: POLICY, etag: created.etag ?? '', spec });
      expect(patched).toMatchObject({ name: POLICY.replace('acme-agents', '101010'), spec });
      expect(patched).not.toHaveProperty('dryRunSpec');
      const stale = await thrownBy(() => orgpolicy.patchPolicy({ name: POLICY, etag: created.etag ?? '', spec }));
      expect(stale).toMatchObject({ status: 409, rpcStatus: 'ABORTED' });
      expect(await orgpolicy.getPolicy(POLICY)).toEqual(patched);
      await orgpolicy.deletePolicy(patched.name, patched.etag);
      expect(await thrownBy(() => orgpolicy.getPolicy(POLICY))).toMatchObject({ status: 404 });
    } finally {
      await emulator.close();
    }
  });
});
