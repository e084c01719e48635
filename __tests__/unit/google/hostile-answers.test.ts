import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ApiError, ProtocolError } from '../../../src/google/errors.js';
import { errorBodyOf, parseErrorBody } from '../../../src/google/error-body.js';
import { createGoogle, type Google } from '../../../src/google/index.js';
import { createFetch } from '../../../src/google/transport.js';
import {
  fakeClock,
  fakeCredentials,
  fakeFetch,
  testHosts,
  testHttp,
  thrownBy,
  type Answer,
  type Call,
} from './fakes.js';

function google(...answers: Answer[]): { google: Google; calls: Call[] } {
  const { fetch, calls } = fakeFetch(...answers);
  const signal = new AbortController().signal;
  const rest = { fetch, credentials: fakeCredentials(), hosts: testHosts(), clock: fakeClock(), signal };
  return { calls, google: createGoogle({ ...rest, apiVersion: 'v1beta1' }) };
}

const HERE = 'projects/acme-agents/locations/us-central1';
const NUMBERED = 'projects/101010/locations/us-central1';
const ELSEWHERE = [
  'projects/victim/locations/us-central1',
  'projects/acme-agents/locations/europe-west4',
  'projects/acme-agents/locations/-',
  'projects/-/locations/us-central1',
  'projects/acme-agents/locations/us-central1/..',
  `//aiplatform.googleapis.com/${HERE}`,
  `https://evil.example/v1/${HERE}`,
  `${HERE}/../../../victim/locations/us-central1`,
  `${HERE}?x=`,
  `${HERE}#`,
  '',
];
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

async function expectRefused(
  client: { google: Google; calls: Call[] },
  ask: (google: Google) => Promise<unknown>,
): Promise<void> {
  const error = await thrownBy(() => ask(client.google));
  expect(error).toBeInstanceOf(ProtocolError);
  const [{ method, url } = { method: '', url: '' }] = client.calls;
  expect(String(error)).toContain(`${method} ${url.replace(/\?.*/, '')} answered 200 with`);
  expect(String(error).length).toBeLessThan(1_000);
  expect(client.calls).toHaveLength(1);
}

describe('fields that are null', () => {
  it('are fields that are not there', async () => {
    const service = { name: `${HERE}/services/a`, interfaces: null, displayName: null };
    const client = google({ json: { services: [service], nextPageToken: null } });
    const [only] = await client.google.agentregistry.listServices('acme-agents', 'us-central1');
    expect(only).toEqual({ name: `${HERE}/services/a` });
    expect(Object.keys(only ?? {})).toEqual(['name']);
  });
});

describe('names in answers that lead elsewhere', () => {
  const PLACES = [...ELSEWHERE.map((place) => [place]), ['projects/101010/locations/us-east1']];

  it.each(PLACES)('an engine in %j', async (place) => {
    const name = `${place}/reasoningEngines/4242`;
    const list = google({ json: { reasoningEngines: [{ name: `${HERE}/reasoningEngines/1` }, { name }] } });
    await expectRefused(list, ({ aiplatform }) => aiplatform.listEngines('acme-agents', 'us-central1'));
    const one = google({ json: { name } });
    await expectRefused(one, ({ aiplatform }) => aiplatform.getEngine(`${HERE}/reasoningEngines/4242`));
  });

  it.each(PLACES)('a service in %j', async (place) => {
    const name = `${place}/services/stripe`;
    const list = google({ json: { services: [{ name }] } });
    await expectRefused(list, ({ agentregistry }) => agentregistry.listServices('acme-agents', 'us-central1'));
    const one = google({ json: { name } });
    await expectRefused(one, ({ agentregistry }) => agentregistry.getService(`${HERE}/services/stripe`));
  });

  it.each(['projects/victim/locations/us-central1', 'projects/101010/locations/europe-west4'])(
    'a service that says it was made into an endpoint in %s',
    async (place) => {
      const service = { name: `${HERE}/services/stripe`, registryResource: `${place}/endpoints/agentregistry-1` };
      const list = google({ json: { services: [service] } });
      await expectRefused(list, ({ agentregistry }) => agentregistry.listServices('acme-agents', 'us-central1'));
      const one = google({ json: service });
      await expectRefused(one, ({ agentregistry }) => agentregistry.getService(`${HERE}/services/stripe`));
    },
  );

  it('the resource of another ID', async () => {
    const engine = google({ json: { name: `${HERE}/reasoningEngines/1` } });
    await expectRefused(engine, ({ aiplatform }) => aiplatform.getEngine(`${HERE}/reasoningEngines/2`));
    const service = google({ json: { name: `${HERE}/services/other` } });
    await expectRefused(service, ({ agentregistry }) => agentregistry.getService(`${HERE}/services/stripe`));
    const gateway = google({ json: { name: `${HERE}/agentGateways/other` } });
    await expectRefused(gateway, ({ networkservices }) => networkservices.getGateway(`${HERE}/agentGateways/egress`));
    const extension = google({ json: { name: `${HERE}/authzExtensions/other` } });
    await expectRefused(extension, ({ networkservices }) =>
      networkservices.getAuthzExtension(`${HERE}/authzExtensions/x`),
    );
  });

  it.each<[what: string, answer: object]>([
    ['another ID', { name: 'projects/101010', projectId: 'victim' }],
    ['another number for a number', { name: 'projects/7', projectId: 'acme-agents' }],
    ['no number', { name: 'projects/acme-agents', projectId: 'acme-agents' }],
    ['a path', { name: 'projects/101010', projectId: '../victim' }],
    ['a query', { name: 'projects/101010?x', projectId: 'acme-agents' }],
  ])('a project with %s', async (what, answer) => {
    const asked = what.includes('number for') ? '101010' : 'acme-agents';
    await expectRefused(google({ json: answer }), ({ resourcemanager }) => resourcemanager.getProject(asked));
  });

  it.each(['../x', 'a/../../victim', 'https://evil.example/x', '/x', 'x?y', 'x#y', 'a//b', 'x\n', ' ', ''])(
    'an operation that is called %j',
    async (name) => {
      const started = google({ json: { name } });
      await expectRefused(started, ({ aiplatform }) =>
        aiplatform.patchGatewayConfig(`${HERE}/reasoningEngines/1`, {}, 'e'),
      );
    },
  );
});

describe('an ID and a number', () => {
  const engines = (...numbers: string[]): Answer => ({
    json: {
      reasoningEngines: numbers.map((number) => ({
        name: `projects/${number}/locations/us-central1/reasoningEngines/1`,
      })),
    },
  });
  const project: Answer = { json: { name: 'projects/101010', projectId: 'acme-agents' } };
  const list = (client: Google) => client.aiplatform.listEngines('acme-agents', 'us-central1');

  it('may be one project where nobody was asked', async () => {
    expect(await list(google(engines('101010', '101010')).google)).toHaveLength(2);
  });

  it('are not two projects at once', async () => {
    expect(String(await thrownBy(() => list(google(engines('101010', '7')).google)))).toContain(
      'another project: 101010, 7',
    );
  });

  it('are what Resource Manager says, also when it says so later', async () => {
    const right = google(engines('101010'), project).google;
    expect((await Promise.all([list(right), right.resourcemanager.getProject('acme-agents')]))[0]).toHaveLength(1);
    const wrong = google(engines('7'), project).google;
    const [error] = await Promise.all([thrownBy(() => list(wrong)), wrong.resourcemanager.getProject('acme-agents')]);
    expect(String(error)).toMatch(
      /^ProtocolError: GET .*reasoningEngines \(aiplatform\) answered with engines of another project: 7$/,
    );
    const one = google(project, { json: { name: `projects/7/locations/us-central1/reasoningEngines/1` } }).google;
    await one.resourcemanager.getProject('acme-agents');
    expect(await thrownBy(() => one.aiplatform.getEngine(`${HERE}/reasoningEngines/1`))).toBeInstanceOf(ProtocolError);
  });

  it('are believed where Resource Manager refuses to say', async () => {
    const { google: client } = google({ status: 403, json: {} }, engines('101010'));
    await thrownBy(() => client.resourcemanager.getProject('acme-agents'));
    expect(await list(client)).toHaveLength(1);
  });
});

describe('names of others', () => {
  it.each([
    `//networkservices.googleapis.com/${NUMBERED}`,
    `https://networkservices.googleapis.com/v1/${NUMBERED}`,
    NUMBERED,
  ])('an extension at %s is read by its plain name', async (place) => {
    const { google: client, calls } = google({ json: { name: `${NUMBERED}/authzExtensions/iap` } });
    await client.networkservices.getAuthzExtension(`${place}/authzExtensions/iap`);
    expect(calls.map(({ url }) => url)).toEqual([
      `https://networkservices.googleapis.com/v1/${NUMBERED}/authzExtensions/iap`,
    ]);
  });

  it('that are none are never asked for', async () => {
    const { google: client, calls } = google({});
    for (const name of ['x', `${HERE}/authzExtensions/..`, `${HERE}/services/x`, `${HERE}/reasoningEngines/?x`]) {
      for (const ask of [
        () => client.networkservices.getAuthzExtension(name),
        () => client.networkservices.getGateway(name),
        () => client.aiplatform.getEngine(name),
        () => client.agentregistry.getService(name.replace('services', 'gateways')),
      ]) {
        expect(await thrownBy(ask)).toMatchObject({ name: 'ResourceNameError' });
      }
    }
    expect(calls).toEqual([]);
  });
});

describe('answers without measure', () => {
  const policy = ({ iap }: Google): Promise<unknown> => iap.getPolicy(`${HERE}/iap_web/agentRegistry`);

  it('a page of 300,000 engines', async () => {
    const reasoningEngines = Array.from({ length: 300_000 }, (_, id) => ({ name: `${HERE}/reasoningEngines/${id}` }));
    const { google: client } = google({ json: { reasoningEngines } });
    expect(await client.aiplatform.listEngines('acme-agents', 'us-central1')).toHaveLength(300_000);
  });

  it('page after page', async () => {
    let page = 0;
    const pages = createGoogle({
      fetch: () => {
        page += 1;
        const text = JSON.stringify({ services: [], nextPageToken: `p${page}` });
        return Promise.resolve({ status: 200, headers: { get: () => null }, text: () => Promise.resolve(text) });
      },
      credentials: fakeCredentials(),
      hosts: testHosts(),
      clock: fakeClock(),
      signal: new AbortController().signal,
      apiVersion: 'v1',
    });
    const error = await thrownBy(() => pages.agentregistry.listServices('acme-agents', 'us-central1'));
    expect(String(error)).toContain(`GET v1/${HERE}/services (agentregistry) never ends: it has more than 1000 pages`);
  });

  it('nested until the stack ends, where it is looked at and where it is not', async () => {
    await expectRefused(google({ json: { bindings: nested(200) } }), policy);
    await expectRefused(google({ body: `{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}` }), policy);
    expect(await policy(google({ json: { x: nested(90) } }).google)).toEqual({ x: nested(90) });
  });

  it('errors that are nested, long or of another type', async () => {
    const deep = `{"error":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(parseErrorBody(deep).message).toBe('the answer was JSON that is nested too deeply');
    expect(parseErrorBody('['.repeat(1_000_000)).message.length).toBeLessThan(2_100);
    for (const json of [
      null,
      7,
      [],
      [[]],
      { error: { message: 7, details: 'x', status: [], errors: {} } },
      { error: [nested(500)] },
    ]) {
      expect(errorBodyOf(json).message).not.toBe('');
    }
    const error = await thrownBy(() => policy(google({ status: 400, body: deep }).google));
    expect(error).toBeInstanceOf(ApiError);
    expect(String(error)).toContain(
      `POST https://iap.googleapis.com/v1/${HERE}/iap_web/agentRegistry:getIamPolicy answered 400`,
    );
  });

  it('metadata of an error that would be more than a name in a command', () => {
    const metadata = {
      service: 'iap.googleapis.com; rm -rf /',
      consumer: 'projects/$(id)',
      other: 'projects/101010',
      n: 1,
    };
    const details = [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'SERVICE_DISABLED', metadata }];
    expect(errorBodyOf({ error: { details } }).metadata).toEqual({ other: 'projects/101010' });
  });

  it.each([200, 500])(
    'a body that does not end, with status %d: given up at 32 MB, and not asked for again',
    async (status) => {
      let asked = 0;
      let sent = 0;
      const server = createServer((_request, response) => {
        asked += 1;
        response.writeHead(status, { 'content-type': 'application/json' });
        const part = Buffer.alloc(1024 * 1024, ' ');
        const more = (): void => {
          while (!response.destroyed) {
            sent += 1;
            if (!response.write(part)) return;
          }
        };
        response.on('drain', more);
        more();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const root = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const http = testHttp({ fetch: createFetch(), hosts: { root: () => root } });
      const error = await thrownBy(() => http.request({ api: 'iap', method: 'GET', path: 'v1/x' }));
      server.closeAllConnections();
      server.close();
      expect(error).toMatchObject({ name: 'ProtocolError', transient: false });
      expect(String(error)).toContain(`GET ${root}v1/x answered ${status} with more than 32 MB.`);
      expect(asked).toBe(1);
      expect(sent).toBeLessThan(200);
    },
  );
});
