import { describe, expect, it } from '@jest/globals';
import { ApiError, ProtocolError, TimeoutError } from '../../../src/google/errors.js';
import { MissingEtagError } from '../../../src/google/iap.js';
import { createGoogle, type Google } from '../../../src/google/index.js';
import { ResourceNameError } from '../../../src/google/names.js';
import {
  errorAnswer,
  fakeClock,
  fakeCredentials,
  fakeFetch,
  testHosts,
  thrownBy,
  type Answer,
  type Call,
  type FakeClock,
} from './fakes.js';

interface Client {
  readonly google: Google;
  readonly calls: Call[];
  readonly clock: FakeClock;
}

function client(...answers: Answer[]): Client {
  return clientUntil(undefined, ...answers);
}

function clientUntil(deadline: number | undefined, ...answers: Answer[]): Client {
  const { fetch, calls } = fakeFetch(...answers);
  const clock = fakeClock();
  const google = createGoogle({
    fetch,
    credentials: fakeCredentials(),
    hosts: testHosts(),
    clock,
    signal: new AbortController().signal,
    apiVersion: 'v1beta1',
    random: () => 1,
    ...(deadline === undefined ? {} : { deadline: clock.now() + deadline }),
  });
  return { google, calls, clock };
}

const ROOT = 'https://iam.googleapis.com/v3';
const AT = 'projects/acme-agents/locations/global';
const POLICY = `${AT}/accessPolicies/agent-gateway-egress`;
const BINDING = `${AT}/policyBindings/agent-gateway-egress`;
const TARGET = '//cloudresourcemanager.googleapis.com/projects/101010';
const RUNNING = { json: { name: 'projects/101010/locations/global/operations/operation-1', done: false } };
const THROTTLED = errorAnswer(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded');
const asked = (calls: readonly Call[]): string[] =>
  calls.map(({ method, url }) => `${method} ${decodeURIComponent(url)}`);
const bodyOf = (call: Call | undefined): unknown => JSON.parse(call?.body ?? 'null');

describe('access policies', () => {
  it('are read, created, replaced as a whole without a mask, and deleted with their etag', async () => {
    const { google, calls } = client({ json: { name: POLICY, etag: 'e1' } }, RUNNING);
    const policy = await google.accesspolicies.getPolicy(POLICY);
    await google.accesspolicies.createPolicy(POLICY, { details: { rules: [] } });
    const next = { ...policy, displayName: 'x', details: { rules: [{ effect: 'ALLOW' }] } };
    expect(await google.accesspolicies.patchPolicy(next)).toEqual(RUNNING.json);
    await google.accesspolicies.deletePolicy(POLICY, 'e 1');
    expect(asked(calls)).toEqual([
      `GET ${ROOT}/${POLICY}`,
      `POST ${ROOT}/${AT}/accessPolicies?accessPolicyId=agent-gateway-egress`,
      `PATCH ${ROOT}/${POLICY}`,
      `DELETE ${ROOT}/${POLICY}?etag=e+1`,
    ]);
    expect(bodyOf(calls[2])).toEqual(next);
  });

  it('are bound, unbound and looked for by the project number', async () => {
    const access = { name: BINDING, policy: POLICY, policyKind: 'ACCESS', target: { resource: TARGET } };
    const boundary = { ...access, policyKind: 'PRINCIPAL_ACCESS_BOUNDARY' };
    const page = { json: { policyBindings: [access, boundary, { ...access, policyKind: undefined }] } };
    const { google, calls } = client(page, page, RUNNING);
    expect(await google.accesspolicies.bindingsTo('101010')).toHaveLength(2);
    expect(await google.accesspolicies.bindingsOf(POLICY)).toHaveLength(3);
    await google.accesspolicies.createBinding(BINDING, { policy: POLICY });
    await google.accesspolicies.deleteBinding(BINDING, undefined);
    expect(asked(calls)).toEqual([
      `GET ${ROOT}/projects/101010/locations/global/policyBindings:searchTargetPolicyBindings?target=${TARGET}&filter=policy_kind=ACCESS&pageSize=100`,
      `GET ${ROOT}/${POLICY}:searchPolicyBindings?pageSize=100`,
      `POST ${ROOT}/${AT}/policyBindings?policyBindingId=agent-gateway-egress`,
      `DELETE ${ROOT}/${BINDING}`,
    ]);
  });

  it('take an answer without the name of an operation as the end of the write', async () => {
    const stored = { name: POLICY, etag: 'e2' };
    const { google } = client({ json: stored }, { json: { done: true, response: stored } }, { json: {} });
    const first = await google.accesspolicies.createPolicy(POLICY, {});
    expect(first).toEqual({ name: '', done: true, response: stored });
    expect(await google.accesspolicies.createPolicy(POLICY, {})).toEqual(first);
    expect(await google.accesspolicies.deletePolicy(POLICY, 'e')).toMatchObject({ done: true });
  });

  it('are not written or deleted without an etag, and not under a name that is none', async () => {
    const { google, calls } = client(RUNNING);
    const { accesspolicies } = google;
    expect(await thrownBy(() => accesspolicies.patchPolicy({ name: POLICY }))).toBeInstanceOf(MissingEtagError);
    expect(await thrownBy(() => accesspolicies.deletePolicy(POLICY, ''))).toBeInstanceOf(MissingEtagError);
    const names = [
      BINDING,
      'x',
      `${POLICY}/../y`,
      POLICY.replace('global', 'us-central1'),
      `//iam.googleapis.com/${POLICY}`,
    ];
    for (const name of names) {
      expect(await thrownBy(() => accesspolicies.getPolicy(name))).toBeInstanceOf(ResourceNameError);
      expect(await thrownBy(() => accesspolicies.createPolicy(name, {}))).toBeInstanceOf(ResourceNameError);
      expect(await thrownBy(() => accesspolicies.patchPolicy({ name, etag: 'e' }))).toBeInstanceOf(ResourceNameError);
    }
    expect(await thrownBy(() => accesspolicies.bindingsTo('acme-agents'))).toBeInstanceOf(ResourceNameError);
    expect(calls).toEqual([]);
  });

  it.each([
    'projects/victim/locations/global/accessPolicies/agent-gateway-egress',
    `${AT}/accessPolicies/other`,
    'organizations/5550001/locations/global/accessPolicies/agent-gateway-egress',
    BINDING,
    '',
  ])('an answer that names %j is none to the question', async (name) => {
    const { google } = client({ json: { name, etag: 'e' } });
    expect(await thrownBy(() => google.accesspolicies.getPolicy(POLICY))).toBeInstanceOf(ProtocolError);
  });

  it.each([
    { details: { rules: [{ principals: 'everybody' }] } },
    { details: { rules: {} } },
    { annotations: { a: 1 } },
    { details: { rules: [{ conditions: { x: 'true' } }] } },
  ])('an answer of another shape is an error: %j', async (part) => {
    const { google } = client({ json: { name: POLICY, ...part } });
    expect(await thrownBy(() => google.accesspolicies.getPolicy(POLICY))).toBeInstanceOf(ProtocolError);
  });
});

describe('the quota of five reads and five writes a minute', () => {
  it('is kept, reads and writes apart', async () => {
    const { google, calls, clock } = client({ json: { name: POLICY, etag: 'e' } });
    const at: number[] = [];
    const start = clock.now();
    for (let index = 0; index < 11; index += 1) {
      await google.accesspolicies.getPolicy(POLICY);
      at.push((clock.now() - start) / 1000);
    }
    expect(at).toEqual([0, 0, 0, 0, 0, 60, 60, 60, 60, 60, 120]);
    await google.accesspolicies.deletePolicy(POLICY, 'e');
    expect((clock.now() - start) / 1000).toBe(120);
    expect(calls).toHaveLength(12);
  });

  it('waits more than a minute after a 429, for a write too, and longer when the server says so', async () => {
    const { google, calls, clock } = client(THROTTLED, RUNNING);
    await google.accesspolicies.createPolicy(POLICY, {});
    expect(clock.slept).toEqual([75_000]);
    expect(calls).toHaveLength(2);
    const patient = client({ ...THROTTLED, headers: { 'retry-after': '90' } }, { json: { name: POLICY } });
    await patient.google.accesspolicies.getPolicy(POLICY);
    expect(patient.clock.slept).toEqual([105_000]);
  });

  it('does not wait beyond the end of the run', async () => {
    const { google, calls } = clientUntil(30_000, THROTTLED, RUNNING);
    expect(await thrownBy(() => google.accesspolicies.createPolicy(POLICY, {}))).toMatchObject({ status: 429 });
    expect(calls).toHaveLength(1);
  });

  it('a write that may have been carried out is not sent again; a read is', async () => {
    for (const status of [500, 502, 503]) {
      const write = client({ status }, RUNNING);
      expect(await thrownBy(() => write.google.accesspolicies.createPolicy(POLICY, {}))).toBeInstanceOf(ApiError);
      expect(write.calls).toHaveLength(1);
      const read = client({ status }, { json: { name: POLICY } });
      await read.google.accesspolicies.getPolicy(POLICY);
      expect(read.calls).toHaveLength(2);
    }
  });

  it('whoever waits for a turn hears of the end of the run', async () => {
    const { fetch } = fakeFetch({ json: { name: POLICY } });
    const controller = new AbortController();
    const reason = new TimeoutError('over');
    const clock = fakeClock();
    const google = createGoogle({
      ...{ fetch, clock, credentials: fakeCredentials(), hosts: testHosts(), apiVersion: 'v1beta1' as const },
      signal: controller.signal,
    });
    for (let index = 0; index < 5; index += 1) await google.accesspolicies.getPolicy(POLICY);
    controller.abort(reason);
    expect(await thrownBy(() => google.accesspolicies.getPolicy(POLICY))).toBe(reason);
  });
});

describe('the effective organization policy', () => {
  it('is asked for by the name of a managed constraint', async () => {
    const { google, calls } = client({ json: { spec: { rules: [{ enforce: true }] } } });
    const name = 'projects/acme-agents/policies/iam.managed.disableAccessPolicyBinding';
    expect(await google.orgpolicy.getEffectivePolicy(name)).toEqual({ spec: { rules: [{ enforce: true }] } });
    expect(asked(calls)).toEqual([`GET https://orgpolicy.googleapis.com/v2/${name}:getEffectivePolicy`]);
    expect(await thrownBy(() => google.orgpolicy.getEffectivePolicy('projects/x/policies/a/b'))).toBeInstanceOf(
      ResourceNameError,
    );
  });
});
