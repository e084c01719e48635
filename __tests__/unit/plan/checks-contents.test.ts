import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { ReasoningEngine } from '../../../src/google/types.js';
import type { Observed } from '../../../src/observe/observed.js';
import type { Finding } from '../../../src/plan/types.js';
import {
  desired,
  egressConfig,
  egressGateway,
  endpoint,
  engineNamed,
  fromFile,
  gateway,
  gatewayNamed,
  ingressConfig,
  ingressGateway,
  memberOf,
  observed,
  observedEngine,
  ownedService,
  policyOf,
  service,
  type AllowedEngine,
  type EngineParts,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';

const found = (id: string, want: Desired, world: Observed): Finding[] =>
  planned(want, world).checks.filter((finding) => finding.id === id);

/** Engine 1 with parts of its resource. */
const engineWith = (
  spec: ReasoningEngine['spec'],
  parts: EngineParts = {},
  more: Partial<ReasoningEngine> = {},
): AllowedEngine => {
  const engine = observedEngine('1', parts);
  return { ...engine, resource: { ...engine.resource, ...more, spec: { ...engine.resource.spec, ...spec } } };
};
const withEgress = (engine: AllowedEngine, more: Partial<Omit<Observed, 'engines' | 'policies'>> = {}): Observed =>
  observed({ engines: [engine], gateways: { egress: egressGateway() }, ...more });

const toEgress = desired({ gateways: { egress: gateway('egress') } });
const toIngress = desired({ gateways: { ingress: gateway('ingress') } });
const bound = { config: egressConfig('egress') };
const NAME = `"agent 1" (${engineNamed('1')})`;

describe('runtime-hosts-missing', () => {
  const ID = 'runtime-hosts-missing';
  const allowing = (...hosts: string[]): Desired => desired({ ...toEgress, endpoints: [endpoint('apis', hosts)] });
  const engine = observedEngine('1', { allow: ['apis'] });

  it('fires with the hosts that are missing', () => {
    expect(found(ID, allowing('api.stripe.com'), withEgress(engine))).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `Engine ${NAME} is to be bound to egress gateway ${gatewayNamed('egress')}, but none of the endpoints it may use (apis) has cloudresourcemanager.googleapis.com or cloudresourcemanager.mtls.googleapis.com, nor us-central1-aiplatform.googleapis.com or us-central1-aiplatform.mtls.googleapis.com, which it calls when it starts.`,
        remedy: 'Add presets: [runtime] to an endpoint that this engine is allowed, before it is bound.',
        origin: fromFile(4),
      },
    ]);
  });

  it.each([
    ['one of the two', ['cloudresourcemanager.googleapis.com']],
    ['the host of another region', ['cloudresourcemanager.googleapis.com', 'europe-west1-aiplatform.googleapis.com']],
    ['the global host', ['cloudresourcemanager.mtls.googleapis.com', 'aiplatform.googleapis.com']],
  ])('fires with only %s', (_what, hosts) => {
    expect(found(ID, allowing(...hosts), withEgress(engine))[0]?.message).toMatch(
      /\(apis\) has us-central1-aiplatform\.googleapis\.com or us-central1-aiplatform\.mtls\.googleapis\.com, which/,
    );
  });

  const startUp = ['cloudresourcemanager.mtls.googleapis.com', 'us-central1-aiplatform.googleapis.com'];
  const runtime = endpoint('apis', [], { presets: [{ name: 'runtime', origin: fromFile(5) }] });
  it.each<[string, Desired, Observed]>([
    ['the runtime preset', desired({ ...toEgress, endpoints: [runtime] }), withEgress(engine)],
    ['all start-up hosts, in either form', allowing(...startUp), withEgress(engine)],
    [
      'hosts of another cloud',
      allowing('cloudresourcemanager.s3nsapis.fr', 'us-central1-aiplatform.s3nsapis.fr'),
      withEgress(engine),
    ],
    [
      'hosts in a service that is adopted',
      allowing('api.stripe.com'),
      withEgress(engine, { services: [service('theirs', ['api.stripe.com', ...startUp])] }),
    ],
    ['an engine that is allowed nothing here', allowing('api.stripe.com'), withEgress(observedEngine('1'))],
    [
      'an engine that is bound already',
      allowing('api.stripe.com'),
      withEgress(observedEngine('1', { allow: ['apis'], ...bound })),
    ],
    [
      'ingress alone',
      desired({ ...toIngress, endpoints: [endpoint('apis', ['api.stripe.com'])] }),
      observed({ engines: [engine], gateways: { ingress: ingressGateway() } }),
    ],
    [
      'a gateway that is not there: its right name may be the one the engine has',
      allowing('api.stripe.com'),
      withEgress(engine, { gateways: { egress: null } }),
    ],
    [
      'hosts that a registry-wide grant opens',
      allowing('api.stripe.com'),
      withEgress(engine, { services: [service('theirs', startUp)], registryPolicy: policyOf([memberOf('1')]) }),
    ],
    [
      'hosts of another endpoint that the engine was granted by hand',
      desired({ ...toEgress, endpoints: [endpoint('apis', ['api.stripe.com']), endpoint('google', startUp)] }),
      observed({
        engines: [engine],
        gateways: { egress: egressGateway() },
        services: [ownedService('google', startUp)],
        policies: { google: policyOf(['principalSet://agents.global.org-5550001.system.id.goog/*']) },
      }),
    ],
  ])('does not fire for %s', (_what, want, world) => {
    expect(found(ID, want, world)).toEqual([]);
  });
});

describe('ingress-ungoverned-methods', () => {
  const ID = 'ingress-ungoverned-methods';
  const classMethods = [
    { name: 'query', api_mode: '' },
    { name: 'async_query', api_mode: 'async' },
    { name: 'stream_query', api_mode: 'stream' },
    { name: 'async_stream_query', apiMode: 'async_stream' },
    { name: 'plain' },
  ];
  const ungoverned = [
    { name: 'batch', api_mode: 'batch' },
    { name: 'on_message_send', apiMode: 'a2a_extension' },
    { api_mode: 'batch' },
  ];
  const methods = [...classMethods, ...ungoverned];
  const world = (engine: AllowedEngine): Observed =>
    observed({ engines: [engine], gateways: { ingress: ingressGateway() } });

  it.each([
    ['to be bound', {}],
    ['bound', { config: ingressConfig('ingress') }],
  ])('fires for an engine that is %s', (_what, parts) => {
    expect(found(ID, toIngress, world(engineWith({ classMethods: methods }, parts)))).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `Calls of a method without a name (batch), batch (batch), on_message_send (a2a_extension) of engine ${NAME} do not pass the ingress gateway ${gatewayNamed('ingress')}, which governs only query and streamQuery.`,
        remedy: expect.stringContaining('Take these methods out') as unknown,
      },
    ]);
  });

  it('fires for bidirectional streams only where they are served', () => {
    const bidi = [{ name: 'bidi_stream_query', api_mode: 'bidi_stream' }];
    expect(found(ID, toIngress, world(engineWith({ classMethods: bidi })))).toEqual([]);
    const deploymentSpec = { agentServerMode: 'EXPERIMENTAL' };
    expect(found(ID, toIngress, world(engineWith({ classMethods: bidi, deploymentSpec })))).toHaveLength(1);
  });

  it.each<[string, Desired, Observed]>([
    ['methods that go through query and streamQuery', toIngress, world(engineWith({ classMethods }))],
    ['an engine that says nothing of its methods', toIngress, world(engineWith({}))],
    ['egress alone', toEgress, withEgress(engineWith({ classMethods: methods }, { config: ingressConfig('ingress') }))],
    [
      'an engine that is unbound',
      desired({ gateways: { ingress: 'none' } }),
      observed({ engines: [engineWith({ classMethods: methods }, { config: ingressConfig('ingress') })] }),
    ],
  ])('does not fire for %s', (_what, want, seen) => {
    expect(found(ID, want, seen)).toEqual([]);
  });
});

describe('image-before-gateway', () => {
  const ID = 'image-before-gateway';
  const containerSpec = { imageUri: 'us-docker.pkg.dev/acme/agents/support:1' };
  const since = '2026-10-05T09:00:00Z';
  const before = '2026-10-05T08:59:59Z';
  const gateways = { egress: { ...egressGateway(), createTime: since } };
  const world = (engine: AllowedEngine): Observed => observed({ engines: [engine], gateways });

  it('fires for a container of its own without the certificates', () => {
    expect(found(ID, toEgress, world(engineWith({ containerSpec })))).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `Engine ${NAME} runs a container of its own and sets none of SSL_CERT_FILE, REQUESTS_CA_BUNDLE, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, so it may not trust the certificates of gateway ${gatewayNamed('egress')}.`,
        remedy: expect.stringContaining('agentGatewayCard.rootCertificates') as unknown,
      },
    ]);
  });

  it.each<[string, ReasoningEngine['spec'], Partial<ReasoningEngine>]>([
    ['source, updated', { sourceCodeSpec: {} }, { createTime: '2026-01-01T00:00:00Z', updateTime: before }],
    ['source, never updated', { sourceCodeSpec: {} }, { createTime: before }],
    ['a package', { packageSpec: {} }, { updateTime: before }],
  ])('fires for an image built before the gateway: %s', (_what, spec, times) => {
    expect(found(ID, toEgress, world(engineWith(spec, {}, times)))).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `Engine ${NAME} was last built before gateway ${gatewayNamed('egress')} was there, so its image does not have the gateway's certificates.`,
        remedy: expect.stringContaining('Deploy the engine anew') as unknown,
      },
    ]);
  });

  it.each<[string, Desired, Observed]>([
    [
      'a container with one of the variables',
      toEgress,
      world(engineWith({ containerSpec }, { env: { SSL_CERT_FILE: '/etc/ssl/certs/ca-certificates.crt' } })),
    ],
    ['an engine that is bound already', toEgress, world(engineWith({ containerSpec }, bound))],
    [
      'an image built after the gateway',
      toEgress,
      world(engineWith({ sourceCodeSpec: {} }, {}, { updateTime: since })),
    ],
    [
      'an engine created before the gateway and built after it',
      toEgress,
      world(engineWith({ sourceCodeSpec: {} }, {}, { createTime: before, updateTime: '2026-11-01T00:00:00Z' })),
    ],
    ['an engine of unknown age', toEgress, world(engineWith({ sourceCodeSpec: {} }))],
    ['a gateway of unknown age', toEgress, withEgress(engineWith({ sourceCodeSpec: {} }, {}, { updateTime: before }))],
    ['an engine without any code', toEgress, world(engineWith({}, {}, { updateTime: before }))],
    [
      'ingress alone',
      toIngress,
      observed({ engines: [engineWith({ containerSpec })], gateways: { ingress: ingressGateway() } }),
    ],
  ])('does not fire for %s', (_what, want, seen) => {
    expect(found(ID, want, seen)).toEqual([]);
  });
});

describe('revisions-archived', () => {
  const ID = 'revisions-archived';
  const split = { trafficConfig: { trafficSplitManual: { targets: [{ percent: 90 }, { percent: 10 }] } } };

  it.each<[string, Desired, EngineParts]>([
    ['bound', toEgress, {}],
    ['unbound', desired({ gateways: { egress: 'none' } }), bound],
  ])('fires for an engine that is to be %s', (_what, want, parts) => {
    expect(found(ID, want, withEgress(engineWith({}, parts, split)))).toEqual([
      {
        id: ID,
        level: 'warning',
        message: `Changing the gateways of engine ${NAME} archives all its earlier revisions for good, and its traffic is split by hand between 2 of them.`,
        remedy: expect.stringContaining('send all traffic to the latest revision') as unknown,
      },
    ]);
  });

  it.each<[string, AllowedEngine]>([
    ['a binding that stays', engineWith({}, bound, split)],
    ['an engine that says nothing of traffic', engineWith({})],
    ['an empty split', engineWith({}, {}, { trafficConfig: { trafficSplitManual: { targets: [] } } })],
    ['traffic that always follows the latest', engineWith({}, {}, { trafficConfig: {} })],
  ])('does not fire for %s', (_what, engine) => {
    expect(found(ID, toEgress, withEgress(engine))).toEqual([]);
  });
});

describe('threat-detection-off', () => {
  const ID = 'threat-detection-off';
  const named = (level: 'error' | 'warning' | 'off'): Desired =>
    desired({ ...toEgress, checkLevels: { [ID]: { level, origin: fromFile(20) } } });

  it.each(['warning', 'error'] as const)('fires as %s where the config names it', (level) => {
    expect(found(ID, named(level), withEgress(observedEngine('1')))).toEqual([
      {
        id: ID,
        level,
        message: `Agent Engine Threat Detection of Security Command Center stops watching ${NAME} once bound to a gateway.`,
        remedy: expect.stringContaining('Agree with your security team') as unknown,
        origin: fromFile(20),
      },
    ]);
  });

  it.each<[string, Desired, EngineParts]>([
    ['a config that does not name it', toEgress, {}],
    ['a config that turns it off', named('off'), {}],
    ['engines that are bound already', named('warning'), bound],
  ])('does not fire for %s', (_what, want, parts) => {
    expect(found(ID, want, withEgress(observedEngine('1', parts)))).toEqual([]);
  });
});
