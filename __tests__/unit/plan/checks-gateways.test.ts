import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { AgentGateway, AuthzExtension, AuthzPolicy } from '../../../src/google/types.js';
import type { EnforcementReading } from '../../../src/observe/enforcement.js';
import type { Observed } from '../../../src/observe/observed.js';
import { CHECKS } from '../../../src/plan/checks/catalog.js';
import {
  desired,
  egressConfig,
  egressGateway,
  endpoint,
  fromFile,
  gateway,
  gatewayNamed,
  ingressConfig,
  ingressGateway,
  observed,
  observedEngine,
  OTHER_PROJECT,
  ownedService,
  PROJECT,
  REGION,
  type AllowedEngine,
  type ObservedParts,
} from '../../support/builders.js';
import { planned } from '../../support/plan.js';
import { without } from '../../support/without.js';

const EGRESS = gatewayNamed('egress');
const egress = { egress: gateway('egress') };
const ingress = { ingress: gateway('ingress') };
const card = { rootCertificates: ['-----BEGIN CERTIFICATE-----'] };
const ready: AgentGateway = { ...egressGateway(), agentGatewayCard: card };
const cardless: AgentGateway = without(ready, 'agentGatewayCard');

const extensionNamed = (id: string): string => `projects/${PROJECT.id}/locations/${REGION}/authzExtensions/${id}`;
const extension = (more: Partial<AuthzExtension> = {}, id = 'iap'): AuthzExtension => ({
  name: extensionNamed(id),
  service: 'iap.googleapis.com',
  failOpen: false,
  metadata: { iapPolicyVersion: 'V1' },
  ...more,
});
const policy = (more: Partial<AuthzPolicy> = {}, id = 'iap'): AuthzPolicy => ({
  name: `projects/${PROJECT.id}/locations/${REGION}/authzPolicies/${id}`,
  target: { resources: [EGRESS] },
  action: 'CUSTOM',
  customProvider: { authzExtension: { resources: [extensionNamed(id)] } },
  ...more,
});
const read = (extensions: AuthzExtension[], policies: AuthzPolicy[] = [policy()]): EnforcementReading => ({
  kind: 'read',
  policies,
  extensions,
});
const guarded = (more: Partial<AuthzExtension> = {}): EnforcementReading => read([extension(more)]);
const both = (first: Partial<AuthzExtension>, second: Partial<AuthzExtension>): EnforcementReading =>
  read([extension(first), extension(second, 'next')], [policy(), policy({}, 'next')]);
const V2 = { metadata: { iapPolicyVersion: 'V2' } };
const V3 = { metadata: { iapPolicyVersion: 'V3' } };
const DRY_RUN = { metadata: { iapPolicyVersion: 'V1', iamEnforcementMode: 'DRY_RUN' } };
const unreadable: EnforcementReading = { kind: 'unreadable', why: 'Permission denied.' };

/** A fine world, but for what is said: engine 1 is bound to the declared gateway. */
const world = (more: ObservedParts = {}): Observed =>
  observed({
    engines: [observedEngine('1', { allow: ['stripe'], config: egressConfig('egress') })],
    gateways: { egress: ready },
    enforcement: guarded(),
    ...more,
  });
const wantEgress = desired({ gateways: egress });
const wantGrants = desired({ gateways: egress, endpoints: [endpoint('stripe', ['api.stripe.com'])] });
const unbound = [observedEngine('1')];
const newlyBound = (gateway: AgentGateway): Observed => world({ engines: unbound, gateways: { egress: gateway } });

const sibling = (id: string, config: AllowedEngine['config'] = egressConfig('legacy'), displayName = `agent ${id}`) =>
  observedEngine(id, { config, displayName });
const beside = (...siblings: AllowedEngine[]): Observed => world({ engines: unbound, siblings });
const fronted = (...siblings: AllowedEngine[]): Observed =>
  observed({ engines: unbound, gateways: { ingress: ingressGateway() }, siblings });

/** Findings about gateways; what other checks have to say of these worlds is their own tests' business. */
const found = (want: Desired, seen: Observed) =>
  planned(want, seen).checks.filter(({ id }) => id.startsWith('gateway-') || id === 'grants-inert');

type Case = readonly [id: string, what: string, want: Desired, world: Observed];
type Firing = readonly [...Case, message: string, remedy: RegExp];

const outOfRegion = { ...gateway('egress'), location: 'europe-west1' };
const foreign = { ingress: gateway('ingress', OTHER_PROJECT.id) };

describe('a check of gateways fires', () => {
  it.each<Firing>([
    [
      'gateway-other-region',
      'egress',
      desired({ gateways: { egress: outOfRegion } }),
      world({ engines: [] }),
      'agentGateways/egress cannot be the egress gateway: it is in europe-west1, and the engines are in us-central1.',
      /Name a gateway in us-central1/,
    ],
    [
      'gateway-other-region',
      'ingress',
      desired({ gateways: { ingress: { ...gateway('front'), location: 'us-east1' } } }),
      observed({ gateways: { ingress: ingressGateway('front') } }),
      'projects/acme-agents/locations/us-east1/agentGateways/front cannot be the ingress gateway',
      /us-central1/,
    ],
    [
      'gateway-other-project',
      'by its ID',
      desired({ gateways: foreign }),
      observed({ gateways: { ingress: ingressGateway() } }),
      `${gatewayNamed('ingress', OTHER_PROJECT.id)} cannot be the ingress gateway: it is in project acme-network`,
      /in project acme-agents/,
    ],
    [
      'gateway-other-project',
      'by its number',
      desired({ gateways: { ingress: gateway('ingress', OTHER_PROJECT.number) } }),
      observed({ gateways: { ingress: ingressGateway() } }),
      "has to be in the engines' project, acme-agents",
      /in project acme-agents/,
    ],
    [
      'gateway-conflict',
      'egress',
      wantEgress,
      beside(sibling('8'), sibling('9', egressConfig('egress'))),
      `Gateway ${EGRESS} cannot be the egress gateway: all bound engines of project acme-agents in us-central1 share one gateway per direction, and these are bound to another one: "agent 8" (${gatewayNamed('legacy')}).`,
      /Declare the gateway they are bound to\. To move all of them to this one, .* set move: true in the config/,
    ],
    [
      'gateway-conflict',
      'ingress, named with the number',
      desired({ gateways: ingress }),
      fronted(sibling('8', ingressConfig('old', PROJECT.number))),
      `"agent 8" (${gatewayNamed('old')}).`,
      /Declare the gateway/,
    ],
    [
      'gateway-conflict',
      'the same name in another project',
      wantEgress,
      beside(sibling('8', egressConfig('egress', OTHER_PROJECT.id))),
      `"agent 8" (${gatewayNamed('egress', OTHER_PROJECT.id)}).`,
      /Declare the gateway/,
    ],
    [
      'gateway-conflict',
      'an engine without display name',
      wantEgress,
      beside(sibling('8', egressConfig('legacy'), '')),
      `"8" (${gatewayNamed('legacy')}).`,
      /Declare the gateway/,
    ],
    [
      'gateway-conflict',
      'two engines of the run that move: each is in the way of the other',
      wantEgress,
      world({ engines: ['1', '2'].map((id) => observedEngine(id, { config: egressConfig('legacy') })) }),
      `"agent 1" (${gatewayNamed('legacy')}), "agent 2" (${gatewayNamed('legacy')}).`,
      /move: true/,
    ],
    [
      'grants-inert',
      'a policy version that came later',
      wantGrants,
      world({ enforcement: guarded(V3) }),
      `The grants on 1 service have no effect at gateway ${EGRESS}: it decides by policies of a version that this version of the action does not know, as its IAP extension says: ${extensionNamed('iap')} ("V3").`,
      /iapPolicyVersion of the extension to V1 or V2/,
    ],
    [
      'gateway-dry-run',
      'denials are only logged',
      wantEgress,
      world({ enforcement: guarded(DRY_RUN) }),
      `Gateway ${EGRESS} only logs what it would deny: its IAP extension ${extensionNamed('iap')} has iamEnforcementMode DRY_RUN.`,
      /take metadata\.iamEnforcementMode out/,
    ],
    [
      'gateway-fail-open',
      'true',
      wantEgress,
      world({ enforcement: guarded({ failOpen: true }) }),
      `Gateway ${EGRESS} lets every request pass when IAP does not answer: its IAP extension ${extensionNamed('iap')}`,
      /failOpen of the extension to false/,
    ],
    [
      'gateway-without-policy',
      'none',
      wantEgress,
      world({ enforcement: read([], []) }),
      `No authorization policy of gateway ${EGRESS} asks IAP`,
      /service is iap\.googleapis\.com/,
    ],
    [
      'gateway-without-policy',
      'of content alone',
      wantEgress,
      world({ enforcement: read([extension()], [policy({ policyProfile: 'CONTENT_AUTHZ' })]) }),
      EGRESS,
      /REQUEST_AUTHZ/,
    ],
    [
      'gateway-without-policy',
      'that asks somebody else',
      wantEgress,
      world({ enforcement: guarded({ service: 'authz.example' }) }),
      EGRESS,
      /authorization extension/,
    ],
    [
      'gateway-without-policy',
      'that decides by itself',
      wantEgress,
      world({ enforcement: read([extension()], [policy({ action: 'ALLOW' })]) }),
      EGRESS,
      /CUSTOM/,
    ],
    [
      'gateway-not-ready',
      'no card',
      wantEgress,
      newlyBound(cardless),
      `Gateway ${EGRESS} has no root certificates yet, and 1 engine is to be bound`,
      /agentGatewayCard\.rootCertificates/,
    ],
    [
      'gateway-not-ready',
      'a card without certificates',
      wantEgress,
      newlyBound({ ...ready, agentGatewayCard: { rootCertificates: [] } }),
      EGRESS,
      /Wait until/,
    ],
    [
      'gateway-not-ready',
      'engines that are bound for the first time',
      wantEgress,
      world({
        engines: ['1', '2'].map((id) => observedEngine(id)),
        gateways: { egress: { ...ready, agentGatewayCard: { mtlsEndpoint: 'x' } } },
      }),
      '2 engines are to be bound',
      /Wait until/,
    ],
  ])('%s: %s', (id, _what, want, seen, message, remedy) => {
    const level = CHECKS.find((check) => check.id === id)?.level;
    expect(found(want, seen)).toEqual([
      {
        id,
        level,
        message: expect.stringContaining(message) as unknown,
        remedy: expect.stringMatching(remedy) as unknown,
        origin: fromFile(2),
      },
    ]);
  });
});

describe('a check of gateways stays silent', () => {
  it.each<Case>([
    ['gateway-other-region', 'in the region', wantEgress, world()],
    ['gateway-other-project', 'short name', desired({ gateways: ingress }), fronted()],
    [
      'gateway-other-project',
      'number of the same project',
      desired({ gateways: { ingress: gateway('ingress', PROJECT.number) } }),
      fronted(),
    ],
    [
      'gateway-other-project',
      'egress may be elsewhere',
      desired({ gateways: { egress: gateway('egress', OTHER_PROJECT.id) } }),
      world({
        engines: unbound,
        registryProject: OTHER_PROJECT,
        gateways: { egress: { ...ready, name: gatewayNamed('egress', OTHER_PROJECT.id) } },
      }),
    ],
    ['gateway-conflict', 'an unbound sibling', wantEgress, beside(sibling('8', {}))],
    [
      'gateway-conflict',
      'the same gateway, named with the number',
      wantEgress,
      beside(sibling('8', egressConfig('egress', PROJECT.number))),
    ],
    ['gateway-conflict', 'the other direction', wantEgress, beside(sibling('8', ingressConfig('front')))],
    [
      'gateway-conflict',
      'unbinding',
      desired({ gateways: { egress: 'none' } }),
      observed({ engines: unbound, siblings: [sibling('8')] }),
    ],
    [
      'gateway-conflict',
      'the only engine of the run, which moves',
      wantEgress,
      world({ engines: [observedEngine('1', { config: egressConfig('legacy') })] }),
    ],
    [
      'gateway-conflict',
      'an engine that is bound already: it was let in',
      wantEgress,
      world({ siblings: [sibling('8')] }),
    ],
    ['gateway-conflict', 'nothing is bound by this run', wantEgress, world({ engines: [], siblings: [sibling('8')] })],
    ['grants-inert', 'V3 without grants', wantEgress, world({ enforcement: guarded(V3) })],
    ['grants-inert', 'V2', wantGrants, world({ enforcement: guarded(V2) })],
    ['grants-inert', 'V1', wantGrants, world({ services: [ownedService('stripe', ['api.stripe.com'])] })],
    ['grants-inert', 'no version', wantGrants, world({ enforcement: guarded({ metadata: {} }) })],
    [
      'grants-inert',
      'V2 beside V1',
      wantGrants,
      world({ enforcement: both({}, { metadata: { ...V2.metadata, iamEnforcementMode: 'DRY_RUN' } }) }),
    ],
    [
      'grants-inert',
      'V3 that no policy names',
      wantGrants,
      world({ enforcement: read([extension(), extension(V3, 'next')]) }),
    ],
    [
      'gateway-dry-run',
      'enforced, in words',
      wantEgress,
      world({ enforcement: guarded({ metadata: { iamEnforcementMode: 'ENFORCED' } }) }),
    ],
    ['gateway-dry-run', 'one of two enforces', wantEgress, world({ enforcement: both({}, DRY_RUN) })],
    ['gateway-fail-open', 'one of two does not', wantEgress, world({ enforcement: both({ failOpen: true }, {}) })],
    [
      'gateway-without-policy',
      'the profile said in words',
      wantEgress,
      world({ enforcement: read([extension()], [policy({ policyProfile: 'REQUEST_AUTHZ' })]) }),
    ],
    ['gateway-without-policy', 'could not be read', wantEgress, world({ enforcement: unreadable })],
    [
      'gateway-without-policy',
      'ingress, which IAP does not guard',
      desired({ gateways: ingress }),
      observed({ engines: unbound, gateways: { ingress: ingressGateway() } }),
    ],
    ['gateway-not-ready', 'certificates', wantEgress, newlyBound(ready)],
    ['gateway-not-ready', 'bound already', wantEgress, world({ gateways: { egress: cardless } })],
    [
      'gateway-not-ready',
      'ingress, which never has a card',
      desired({ gateways: ingress }),
      observed({ engines: unbound, gateways: { ingress: ingressGateway() } }),
    ],
  ])('%s: %s', (_id, _what, want, seen) => {
    expect(found(want, seen)).toEqual([]);
  });

  it.each<[string, AgentGateway | null, string]>([
    ['that is not there', null, 'gateway-not-found'],
    ['of the other direction', ingressGateway('egress'), 'gateway-wrong-direction'],
  ])('about a gateway %s: that is said once', (_what, egressIs, id) => {
    const seen = world({ engines: unbound, gateways: { egress: egressIs }, enforcement: read([], []) });
    expect(found(wantEgress, seen).map((finding) => finding.id)).toEqual([id]);
  });
});

describe('gateway-conflict', () => {
  const message = (count: number): string => {
    const siblings = Array.from({ length: count }, (_, index) => sibling(String(count - index + 1)));
    return found(wantEgress, beside(...siblings))[0]?.message ?? '';
  };

  it('names five engines, in order', () => {
    expect(message(5).match(/"agent \d"/g)).toEqual([2, 3, 4, 5, 6].map((id) => `"agent ${id}"`));
    expect(message(5)).not.toContain('more');
  });

  it('counts the others', () => {
    expect(message(7).match(/"agent \d"/g)).toHaveLength(5);
    expect(message(7)).toMatch(/ and 2 more\.$/);
  });

  it('says each direction by itself', () => {
    const seen = world({
      engines: unbound,
      gateways: { egress: ready, ingress: ingressGateway() },
      siblings: [sibling('8', { ...egressConfig('legacy'), ...ingressConfig('front') })],
    });
    const findings = found(desired({ gateways: { ...egress, ...ingress } }), seen);
    expect(findings.map(({ id, message: text }) => [id, /the (\w+) gateway/.exec(text)?.[1]])).toEqual([
      ['gateway-conflict', 'egress'],
      ['gateway-conflict', 'ingress'],
    ]);
  });
});

it('a gateway with several problems gets a finding for each', () => {
  const seen = world({
    enforcement: guarded({ failOpen: true, metadata: { iapPolicyVersion: 'V3', iamEnforcementMode: 'DRY_RUN' } }),
    engines: [observedEngine('1', { allow: ['stripe'] })],
    siblings: [sibling('8')],
  });
  expect(found(wantGrants, seen).map(({ id }) => id)).toEqual([
    'gateway-conflict',
    'grants-inert',
    'gateway-dry-run',
    'gateway-fail-open',
  ]);
});
