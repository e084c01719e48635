import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { RegistryService } from '../../../src/google/types.js';
import type { Observed } from '../../../src/observe/observed.js';
import { CHECKS } from '../../../src/plan/checks/catalog.js';
import {
  agent,
  desired,
  egressConfig,
  ingressConfig,
  egressGateway,
  endpoint,
  engineNamed,
  fromFile,
  gateway,
  gatewayNamed,
  ingressGateway,
  observed,
  observedEngine,
  ownedService,
  service,
  serviceNamed,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { without } from '../../support/without.js';

const problem = (
  kind: 'not-found' | 'ambiguous' | 'not-declared',
  selector: Desired['agents'][number]['selector'],
  ids: string[] = [],
) =>
  observed({
    selection: { engines: [], allow: new Map(), problems: [{ kind, selector, candidates: ids.map(engineNamed) }] },
  });
const byName = { kind: 'displayName', text: 'Support agent', origin: fromFile(9) } as const;
const egress = { egress: gateway('egress') };
const stripe = endpoint('stripe', ['api.stripe.com']);
const entry = (hosts: string[], spec: Partial<RegistryService>): RegistryService =>
  without(service('stripe', hosts, spec), 'endpointSpec');
const agentEntry = entry(['other.example'], { agentSpec: { type: 'A2A_AGENT_CARD' } });
const mcpEntry = entry([], { mcpServerSpec: { type: 'NO_SPEC' } });
const noIdentity = observedEngine('1', { identity: '', allow: ['stripe'] });

const idsOf = (want: Desired, world: Observed): string[] => planned(want, world).checks.map(({ id }) => id);

describe('a check fires', () => {
  it.each<[string, string, Desired, Observed, RegExp]>([
    [
      'engine-not-found',
      'by name',
      desired(),
      problem('not-found', byName),
      /No engine with the display name "Support agent" in project acme-agents, region us-central1/,
    ],
    ['engine-not-found', 'by ID', desired(), problem('not-found', agent('4242', []).selector), /"4242"/],
    [
      'engine-not-found',
      'all, and none is there',
      desired(),
      problem('not-found', { kind: 'all', origin: fromFile(9) }),
      /No engine at all/,
    ],
    [
      'engine-ambiguous',
      'two of a name',
      desired(),
      problem('ambiguous', byName, ['1', '2']),
      /2 engines .*reasoningEngines\/1, .*reasoningEngines\/2/,
    ],
    [
      'engine-not-declared',
      'selected by the input alone',
      desired({ gateways: { egress: gateway('egress') } }),
      {
        ...problem('not-declared', agent('1', []).selector, ['1']),
        engines: [observedEngine('1')],
        gateways: { egress: egressGateway() },
      },
      /reasoningEngines\/1, but no entry under agents/,
    ],
    [
      'endpoint-overlap',
      'a host that a key carries which the engine may not use',
      desired({
        endpoints: [endpoint('first', ['a.example', 'b.example']), endpoint('later', ['a.example', 'b.example'])],
      }),
      observed({ engines: [observedEngine('1', { allow: ['later'] })] }),
      /agent 1.*may use endpoint later, but https:\/\/a\.example and 1 more .* endpoint first/,
    ],
    [
      'engine-without-agent-identity',
      'to be bound',
      desired({ gateways: egress }),
      observed({ engines: [observedEngine('1', { identity: '' })], gateways: { egress: egressGateway() } }),
      /agent 1.*SERVICE_ACCOUNT/,
    ],
    [
      'engine-without-agent-identity',
      'to be granted',
      desired({ endpoints: [stripe] }),
      observed({ engines: [noIdentity] }),
      /agent 1/,
    ],
    [
      'gateway-not-found',
      'egress',
      desired({ gateways: egress }),
      observed({ gateways: { egress: null } }),
      new RegExp(gatewayNamed('egress')),
    ],
    [
      'gateway-not-found',
      'ingress',
      desired({ gateways: { ingress: gateway('front') } }),
      observed({ gateways: { ingress: null } }),
      /ingress gateway .*front/,
    ],
    [
      'gateway-wrong-direction',
      'ingress as egress',
      desired({ gateways: egress }),
      observed({ gateways: { egress: ingressGateway('egress') } }),
      /CLIENT_TO_AGENT.*AGENT_TO_ANYWHERE/,
    ],
    [
      'gateway-wrong-direction',
      'self-managed',
      desired({ gateways: egress }),
      observed({ gateways: { egress: { name: gatewayNamed('egress'), selfManaged: {} } } }),
      /not managed by Google/,
    ],
    [
      'service-id-taken',
      'by an agent',
      desired({ endpoints: [stripe] }),
      observed({ services: [agentEntry] }),
      new RegExp(`agent entry \\(${serviceNamed('stripe')}`),
    ],
    [
      'service-id-taken',
      'by an MCP server',
      desired({ endpoints: [stripe] }),
      observed({ services: [mcpEntry] }),
      /MCP server entry/,
    ],
  ])('%s: %s', (id, _what, want, world, message) => {
    const [finding, ...others] = planned(want, world).checks;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ id, level: 'error', message: expect.stringMatching(message) as unknown });
    expect(finding?.remedy).not.toBe('');
  });
});

describe('a check points at', () => {
  it.each<[string, Desired, Observed, number]>([
    ['the selector', desired(), problem('not-found', byName), 9],
    ['the gateway', desired({ gateways: egress }), observed({ gateways: { egress: null } }), 2],
    ['the endpoint', desired({ endpoints: [stripe] }), observed({ services: [agentEntry] }), 4],
  ])('%s', (_what, want, world, line) => {
    expect(planned(want, world).checks[0]?.origin).toEqual(expect.objectContaining({ kind: 'file', line }));
  });
});

describe('no check fires', () => {
  const both = { egress: gateway('egress'), ingress: gateway('ingress') };
  const gateways = { egress: egressGateway(), ingress: ingressGateway() };
  it.each<[string, Desired, Observed]>([
    [
      'for a world as it should be',
      desired({ gateways: both, endpoints: [stripe] }),
      observed({
        gateways,
        engines: [
          observedEngine('1', {
            allow: ['stripe'],
            config: { ...egressConfig('egress'), ...ingressConfig('ingress') },
          }),
        ],
        services: [ownedService('stripe', ['api.stripe.com'])],
      }),
    ],
    [
      'for an engine of the input alone that is only unbound',
      desired({ gateways: { egress: 'none' } }),
      {
        ...problem('not-declared', agent('1', []).selector, ['1']),
        engines: [observedEngine('1', { config: egressConfig('egress') })],
      },
    ],
    [
      'for gateways that are unbound: they need not exist',
      desired({ gateways: { egress: 'none', ingress: 'none' } }),
      observed({ engines: [observedEngine('1')] }),
    ],
    [
      'for an engine without identity that is only unbound',
      desired({ gateways: { egress: 'none' } }),
      observed({ engines: [observedEngine('1', { identity: '' })] }),
    ],
    [
      'for a host of two keys that the engine may both use',
      desired({ endpoints: [endpoint('first', ['a.example']), endpoint('later', ['a.example'])] }),
      observed({ engines: [observedEngine('1', { allow: ['first', 'later'] })] }),
    ],
    [
      'for a host of two keys that somebody else carries for both',
      desired({ endpoints: [endpoint('first', ['a.example', 'b.example']), endpoint('later', ['a.example'])] }),
      observed({
        engines: [observedEngine('1', { allow: ['later'] })],
        services: [service('theirs', ['a.example'])],
      }),
    ],
    [
      "for somebody's service that is an endpoint too",
      desired({ endpoints: [stripe] }),
      observed({ services: [service('stripe', ['other.example'])] }),
    ],
    [
      'for an agent with that ID of which nothing is asked',
      desired({ endpoints: [endpoint('stripe', ['other.example'])] }),
      observed({ services: [agentEntry] }),
    ],
    [
      'for an agent with an ID that no key has',
      desired({ endpoints: [endpoint('another', ['a.example'])] }),
      observed({ services: [agentEntry] }),
    ],
  ])('%s', (_what, want, world) => {
    expect(idsOf(want, world)).toEqual([]);
  });
});

describe('levels', () => {
  const world = observed({ gateways: { egress: null }, engines: [observedEngine('1', { identity: '' })] });
  const levelled = (level: 'error' | 'warning' | 'off') =>
    desired({ gateways: egress, checkLevels: { 'engine-without-agent-identity': { level, origin: fromFile(20) } } });

  it.each(['error', 'warning'] as const)('%s is what the config says', (level) => {
    const found = planned(levelled(level), world).checks;
    expect(found.find(({ id }) => id === 'engine-without-agent-identity')?.level).toBe(level);
  });

  it('off leaves a check out, and no other', () => {
    expect(idsOf(levelled('off'), world)).toEqual(['gateway-not-found']);
  });

  it('errors come first, then the IDs in order', () => {
    const want = desired({ ...levelled('warning'), endpoints: [stripe] });
    expect(
      idsOf(want, observed({ gateways: { egress: null }, engines: [noIdentity], services: [agentEntry] })),
    ).toEqual(['gateway-not-found', 'service-id-taken', 'engine-without-agent-identity']);
  });
});

it('the checks that can fire are in the catalog, each once', () => {
  const ids = CHECKS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(
    expect.arrayContaining([
      'engine-not-found',
      'engine-ambiguous',
      'engine-not-declared',
      'endpoint-overlap',
      'engine-without-agent-identity',
      'gateway-not-found',
      'gateway-wrong-direction',
      'service-id-taken',
    ]),
  );
});
