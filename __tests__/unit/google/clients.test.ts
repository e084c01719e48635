import { describe, expect, it } from '@jest/globals';
import { ApiError, ProtocolError } from '../../../src/google/errors.js';
import { MissingEtagError } from '../../../src/google/iap.js';
import { ResourceNameError } from '../../../src/google/names.js';
import { createGoogle, type Google } from '../../../src/google/index.js';
import {
  errorAnswer,
  fakeClock,
  fakeCredentials,
  fakeFetch,
  testHosts,
  thrownBy,
  type Answer,
  type Call,
} from './fakes.js';

function google(...answers: Answer[]): { google: Google; calls: Call[] } {
  const { fetch, calls } = fakeFetch(...answers);
  return {
    calls,
    google: createGoogle({
      fetch,
      credentials: fakeCredentials(),
      hosts: testHosts(),
      clock: fakeClock(),
      signal: new AbortController().signal,
      apiVersion: 'v1beta1',
    }),
  };
}

const asked = (calls: readonly Call[]): string[] =>
  calls.map(({ method, url }) => `${method} ${decodeURIComponent(url)}`);
const bodyOf = (call: Call | undefined): unknown => JSON.parse(call?.body ?? 'null');

const location = 'projects/101010/locations/us-central1';
const engine = `${location}/reasoningEngines/4242`;
const named = (id: string): { name: string } => ({ name: `${location}/reasoningEngines/${id}` });
const service = { name: `${location}/services/stripe` };
const aiplatform = 'https://us-central1-aiplatform.googleapis.com/v1beta1';

describe('aiplatform', () => {
  it('lists the engines of all pages', async () => {
    const { google: client, calls } = google(
      { json: { reasoningEngines: [named('1'), named('2')], nextPageToken: 'p 2' } },
      { json: { nextPageToken: 'p3' } },
      { json: { reasoningEngines: [named('3')] } },
    );
    const engines = await client.aiplatform.listEngines('101010', 'us-central1');
    expect(engines).toEqual([named('1'), named('2'), named('3')]);
    const list = `GET ${aiplatform}/${location}/reasoningEngines?pageSize=100`;
    expect(asked(calls)).toEqual([list, `${list}&pageToken=p+2`, `${list}&pageToken=p3`]);
  });

  it('reads an engine and both forms of an operation', async () => {
    const { google: client, calls } = google({ json: { name: engine } });
    await client.aiplatform.getEngine(engine);
    await client.aiplatform.getOperation(`${engine}/operations/777`);
    await client.aiplatform.getOperation(`${location}/operations/777`);
    expect(asked(calls)).toEqual([
      `GET ${aiplatform}/${engine}`,
      `GET ${aiplatform}/${engine}/operations/777`,
      `GET ${aiplatform}/${location}/operations/777`,
    ]);
  });

  it('patches the whole gateway config, with the etag in the body and not in the mask', async () => {
    const { google: client, calls } = google({ json: { name: 'op' } });
    const config = {
      agentToAnywhereConfig: { agentGateway: 'projects/acme-agents/locations/us-central1/agentGateways/egress' },
    };
    expect(await client.aiplatform.patchGatewayConfig(engine, config, 'e1')).toEqual({ name: 'op' });
    await client.aiplatform.patchGatewayConfig(engine, {}, undefined);
    expect(asked(calls)[0]).toBe(`PATCH ${aiplatform}/${engine}?updateMask=spec.deploymentSpec.agentGatewayConfig`);
    expect(bodyOf(calls[0])).toEqual({ etag: 'e1', spec: { deploymentSpec: { agentGatewayConfig: config } } });
    expect(bodyOf(calls[1])).toEqual({ spec: { deploymentSpec: { agentGatewayConfig: {} } } });
  });

  it('sends a patch again only when it was not taken', async () => {
    const taken = google({ status: 502 }, { json: { name: 'op' } });
    expect(await thrownBy(() => taken.google.aiplatform.patchGatewayConfig(engine, {}, 'e'))).toBeInstanceOf(ApiError);
    expect(taken.calls).toHaveLength(1);
    const rejected = google({ status: 429 }, { json: { name: 'op' } });
    await rejected.google.aiplatform.patchGatewayConfig(engine, {}, 'e');
    expect(rejected.calls).toHaveLength(2);
  });

  it('finds the update that is running among the operations', async () => {
    const metadata = (type: string): { '@type': string } => ({
      '@type': `type.googleapis.com/google.cloud.aiplatform.v1.${type}`,
    });
    const finished = { name: '1', done: true, metadata: metadata('UpdateReasoningEngineOperationMetadata') };
    const other = { name: '2', metadata: metadata('QueryReasoningEngineOperationMetadata') };
    const running = { name: '3', metadata: metadata('UpdateReasoningEngineOperationMetadata') };
    const busy = google(
      { json: { operations: [finished, other], nextPageToken: 'x' } },
      { json: { operations: [running] } },
    );
    expect(await busy.google.aiplatform.runningUpdate(engine)).toEqual(running);
    expect(asked(busy.calls)[0]).toBe(`GET ${aiplatform}/${engine}/operations?pageSize=100`);
    const idle = google({ json: { operations: [finished, other, { name: '4' }] } });
    expect(await idle.google.aiplatform.runningUpdate(engine)).toBeUndefined();
    expect(await google({ json: {} }).google.aiplatform.runningUpdate(engine)).toBeUndefined();
  });
});

describe('agentregistry', () => {
  const root = 'https://agentregistry.googleapis.com/v1';
  const body = { displayName: 'Stripe', interfaces: [{ url: 'https://api.stripe.com', protocolBinding: 'HTTP_JSON' }] };

  it('lists and reads services and operations', async () => {
    const { google: client, calls } = google({ json: { services: [service] } }, { json: service });
    expect(await client.agentregistry.listServices('101010', 'us-central1')).toEqual([service]);
    await client.agentregistry.getService(`${location}/services/stripe`);
    await client.agentregistry.getOperation(`${location}/operations/operation-1`);
    expect(asked(calls)).toEqual([
      `GET ${root}/${location}/services?pageSize=100`,
      `GET ${root}/${location}/services/stripe`,
      `GET ${root}/${location}/operations/operation-1`,
    ]);
  });

  it('writes with a request ID, and so again when the answer was lost', async () => {
    const reset = new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });
    const { google: client, calls } = google(reset, { status: 500 }, { json: { name: 'op', done: false } });
    expect(await client.agentregistry.createService(location, 'stripe', body, 'uuid-1')).toEqual({
      name: 'op',
      done: false,
    });
    expect(new Set(asked(calls))).toEqual(
      new Set([`POST ${root}/${location}/services?serviceId=stripe&requestId=uuid-1`]),
    );
    expect(calls).toHaveLength(3);
    expect(bodyOf(calls[2])).toEqual(body);
  });

  it('patches the fields of the mask', async () => {
    const { google: client, calls } = google({ json: { name: 'op' } });
    await client.agentregistry.patchService(
      `${location}/services/stripe`,
      body,
      ['displayName', 'interfaces'],
      'uuid-2',
    );
    expect(asked(calls)).toEqual([
      `PATCH ${root}/${location}/services/stripe?updateMask=displayName,interfaces&requestId=uuid-2`,
    ]);
    expect(await thrownBy(() => client.agentregistry.patchService('x', body, [], 'uuid-3'))).toBeInstanceOf(RangeError);
    expect(calls).toHaveLength(1);
  });

  it('deletes one service, again with the same ID when the server stumbles', async () => {
    const { google: client, calls } = google({ status: 503 }, { json: { name: 'op' } });
    await client.agentregistry.deleteService(`${location}/services/stripe`, 'uuid-4');
    const request = `DELETE ${root}/${location}/services/stripe?requestId=uuid-4`;
    expect(asked(calls)).toEqual([request, request]);
    expect(calls[0]?.body).toBeUndefined();
  });

  it.each([
    '',
    location,
    `${location}/services`,
    `${location}/services/-`,
    `${location}/services/..`,
    `${location}/endpoints/x`,
  ])('deletes nothing for the name %j', async (name) => {
    const { google: client, calls } = google();
    expect(await thrownBy(() => client.agentregistry.deleteService(name, 'uuid-5'))).toBeInstanceOf(ResourceNameError);
    expect(calls).toEqual([]);
  });
});

describe('iap', () => {
  const resource = `${location}/iap_web/agentRegistry/endpoints/agentregistry-1`;

  it('reads version 3, again when the server stumbles', async () => {
    const { google: client, calls } = google({ status: 502 }, { json: { etag: 'ACAB' } });
    expect(await client.iap.getPolicy(resource)).toEqual({ etag: 'ACAB' });
    expect(asked(calls)[1]).toBe(`POST https://iap.googleapis.com/v1/${resource}:getIamPolicy`);
    expect(bodyOf(calls[1])).toEqual({ options: { requestedPolicyVersion: 3 } });
  });

  it('writes version 3 with the etag, whatever version was read', async () => {
    const { google: client, calls } = google({ json: { etag: 'BwY=' } });
    const bindings = [
      { role: 'roles/iap.egressor', members: ['principal://x'], condition: { expression: 'true', title: 't' } },
    ];
    expect(await client.iap.setPolicy(resource, { version: 1, etag: 'ACAB', bindings })).toEqual({ etag: 'BwY=' });
    expect(asked(calls)).toEqual([`POST https://iap.googleapis.com/v1/${resource}:setIamPolicy`]);
    expect(bodyOf(calls[0])).toEqual({ policy: { version: 3, etag: 'ACAB', bindings } });
  });

  it('writes nothing without an etag, and nothing twice', async () => {
    const { google: client, calls } = google({ status: 500 });
    expect(await thrownBy(() => client.iap.setPolicy(resource, { bindings: [] }))).toBeInstanceOf(MissingEtagError);
    expect(await thrownBy(() => client.iap.setPolicy(resource, { etag: '' }))).toBeInstanceOf(MissingEtagError);
    expect(calls).toHaveLength(0);
    await thrownBy(() => client.iap.setPolicy(resource, { etag: 'e' }));
    expect(calls).toHaveLength(1);
  });
});

describe('the last update', () => {
  it('is the finished one that began last', async () => {
    const type = 'type.googleapis.com/google.cloud.aiplatform.v1.UpdateReasoningEngineOperationMetadata';
    const operation = (id: string, createTime: string, more: object = {}) => ({
      name: id,
      done: true,
      metadata: { '@type': type, genericMetadata: { createTime } },
      ...more,
    });
    const latest = operation('b', '2026-11-02T00:00:00Z', { error: { code: 13, message: 'no' } });
    const operations = [
      operation('a', '2026-11-01T00:00:00Z'),
      latest,
      operation('c', '2026-11-03T00:00:00Z', { done: false }),
      operation('d', '2026-11-04T00:00:00Z', {
        metadata: { '@type': 'type.googleapis.com/x.DeleteOperationMetadata' },
      }),
    ];
    const { google: client } = google({ json: { operations } }, { json: {} });
    expect(await client.aiplatform.lastUpdate('e')).toEqual(latest);
    expect(await client.aiplatform.lastUpdate('e')).toBeUndefined();
  });
});

describe('networkservices, networksecurity, resourcemanager', () => {
  it('read gateways, extensions, policies and projects', async () => {
    const { google: client, calls } = google(
      { json: { name: `${location}/agentGateways/egress` } },
      { json: { name: `${location}/authzExtensions/iap` } },
      { json: { authzPolicies: [{ name: 'p' }], nextPageToken: 't' } },
      { json: { authzPolicies: [{ name: 'q' }] } },
      { json: { name: 'projects/101010', projectId: 'acme-agents' } },
    );
    await client.networkservices.getGateway(`${location}/agentGateways/egress`);
    await client.networkservices.getAuthzExtension(`${location}/authzExtensions/iap`);
    expect(await client.networksecurity.listAuthzPolicies('101010', 'us-central1')).toEqual([
      { name: 'p' },
      { name: 'q' },
    ]);
    await client.resourcemanager.getProject('acme-agents');
    expect(asked(calls)).toEqual([
      `GET https://networkservices.googleapis.com/v1/${location}/agentGateways/egress`,
      `GET https://networkservices.googleapis.com/v1/${location}/authzExtensions/iap`,
      `GET https://networksecurity.googleapis.com/v1/${location}/authzPolicies?pageSize=100`,
      `GET https://networksecurity.googleapis.com/v1/${location}/authzPolicies?pageSize=100&pageToken=t`,
      'GET https://cloudresourcemanager.googleapis.com/v3/projects/acme-agents',
    ]);
  });

  it('pass errors on as they are', async () => {
    const { google: client } = google(errorAnswer(404, 'NOT_FOUND', 'Resource was not found'));
    const error = await thrownBy(() => client.networkservices.getGateway(`${location}/agentGateways/x`));
    expect(error).toMatchObject({ name: 'ApiError', status: 404, rpcStatus: 'NOT_FOUND', api: 'networkservices' });
  });
});

describe('lists', () => {
  const list = (...tokens: string[]): { list: () => Promise<unknown>; calls: Call[] } => {
    const pages = tokens.map((nextPageToken) => ({ json: { services: [service], nextPageToken } }));
    const { google: client, calls } = google(...pages);
    return { list: () => client.agentregistry.listServices('101010', 'us-central1'), calls };
  };

  it('stop when a page token repeats, at once or in a circle', async () => {
    const circle = list('b', 'c', 'b');
    const error = await thrownBy(circle.list);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(String(error)).toContain(`GET v1/${location}/services (agentregistry) never ends`);
    expect(circle.calls).toHaveLength(3);
  });

  it('take an empty token as the end', async () => {
    expect(await list('').list()).toEqual([service]);
  });
});

describe('answers of another shape', () => {
  const registry = `${location}/iap_web/agentRegistry`;

  it.each<[string, unknown, (client: Google) => Promise<unknown>, string]>([
    ['a list that is none', { services: {} }, (c) => c.agentregistry.listServices('p', 'l'), 'services: '],
    ['an item that is none', { services: [null] }, (c) => c.agentregistry.listServices('p', 'l'), 'services.0: '],
    ['a token that is none', { nextPageToken: 7 }, (c) => c.agentregistry.listServices('p', 'l'), 'nextPageToken: '],
    ['an operation without a name', {}, (c) => c.aiplatform.patchGatewayConfig(engine, {}, 'e'), 'name: '],
    ['an operation that is done and not', { name: 'o', done: 'no' }, (c) => c.aiplatform.getOperation('o'), 'done: '],
    ['bindings that are none', { bindings: { role: 'x' } }, (c) => c.iap.getPolicy(registry), 'bindings: '],
    [
      'members that are none',
      { bindings: [{ role: 'x', members: [1] }] },
      (c) => c.iap.getPolicy(registry),
      'bindings.0.members.0: ',
    ],
    ['a spec that is none', { name: 'e', spec: [] }, (c) => c.aiplatform.getEngine(engine), 'spec: '],
    ['a project without its ID', { name: 'projects/1' }, (c) => c.resourcemanager.getProject('p'), 'projectId: '],
    ['an array', [], (c) => c.aiplatform.getEngine(engine), 'no object'],
    ['null', null, (c) => c.networkservices.getGateway(`${location}/agentGateways/g`), 'no object'],
  ])('%s: an error that names the request and the field, at once', async (_what, json, ask, problem) => {
    const { google: client, calls } = google({ body: JSON.stringify(json) });
    const error = await thrownBy(() => ask(client));
    expect(error).toMatchObject({ name: 'ProtocolError', method: calls[0]?.method, transient: false });
    expect(String(error)).toContain(`${calls[0]?.url.replace(/\?.*/, '') ?? ''} answered 200 with JSON `);
    expect(String(error)).toContain(problem);
    expect(calls).toHaveLength(1);
  });

  it('null stands for a field that is left out, as in protobuf', async () => {
    const { google: client } = google({
      json: { name: engine, spec: { deploymentSpec: { agentGatewayConfig: null } } },
    });
    expect(await client.aiplatform.getEngine(engine)).toMatchObject({ name: engine });
  });
});
