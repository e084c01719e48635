import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import type { AgentGatewayConfig } from '../../../src/google/types.js';
import { gatewayName, plannedStatus } from '../../../src/plan/bindings.js';
import {
  desired,
  egressConfig,
  engineNamed,
  gateway,
  gatewayNamed,
  ingressConfig,
  observed,
  observedEngine,
  OTHER_PROJECT,
  PROJECT,
} from '../../support/builders.js';
import { bindingsOf, only } from '../../support/plan.js';

const both = { egress: gateway('egress'), ingress: gateway('ingress') };
const bound: AgentGatewayConfig = { ...egressConfig('egress'), ...ingressConfig('ingress') };

const change = (gateways: Desired['gateways'], config: AgentGatewayConfig, registryProject = PROJECT) =>
  only(bindingsOf(desired({ gateways }), observed({ registryProject, engines: [observedEngine('1', { config })] })));

describe('the action', () => {
  it.each<[string, string, Desired['gateways'], AgentGatewayConfig]>([
    ['create', 'a first binding', both, {}],
    ['create', 'a first binding of one direction', { egress: both.egress }, {}],
    ['update', 'a second direction', both, egressConfig('egress')],
    ['update', 'another gateway', both, { ...bound, ...egressConfig('old') }],
    ['update', 'one direction of two unbound', { egress: 'none' }, bound],
    ['update', 'one bound, the other unbound', { egress: 'none', ingress: both.ingress }, egressConfig('egress')],
    ['remove', 'both unbound', { egress: 'none', ingress: 'none' }, bound],
    ['remove', 'the only one unbound', { egress: 'none' }, egressConfig('old')],
    ['keep', 'as declared', both, bound],
    ['keep', 'nothing declared', {}, bound],
    ['keep', 'none, and nothing bound', { egress: 'none' }, {}],
    ['keep', 'the declared one as it is', { egress: both.egress }, { ...bound, ...ingressConfig('whatever') }],
  ])('%s: %s', (action, _what, gateways, config) => {
    expect(change(gateways, config).action).toBe(action);
  });
});

describe('a direction', () => {
  it('that is not declared is left as it is', () => {
    const theirs = { from: gatewayNamed('theirs'), to: gatewayNamed('theirs'), declared: false };
    expect(change({ egress: both.egress }, ingressConfig('theirs'))).toMatchObject({
      egress: { from: null, to: gatewayNamed('egress'), declared: true },
      ingress: theirs,
    });
  });

  it('that is declared none goes to null', () => {
    expect(change({ ingress: 'none' }, bound).ingress).toEqual({
      from: gatewayNamed('ingress'),
      to: null,
      declared: true,
    });
  });
});

describe('the project in a gateway name', () => {
  it.each([
    ['number bound, ID declared', PROJECT.number, PROJECT.id],
    ['ID bound, number declared', PROJECT.id, PROJECT.number],
    ['number bound, short name declared', PROJECT.number, undefined],
  ])('may be ID or number: %s', (_what, is, wanted) => {
    const found = change({ egress: gateway('egress', wanted) }, egressConfig('egress', is));
    expect(found.action).toBe('keep');
    expect(found.egress).toEqual({ from: gatewayNamed('egress'), to: gatewayNamed('egress'), declared: true });
  });

  it('is written as an ID, also where the number was declared', () => {
    expect(change({ egress: gateway('egress', PROJECT.number) }, {}).egress.to).toBe(gatewayNamed('egress'));
  });

  it.each([OTHER_PROJECT.id, OTHER_PROJECT.number])("may be the registry's: %s", (project) => {
    const wanted = { egress: gateway('egress', project) };
    expect(change(wanted, {}, OTHER_PROJECT).egress.to).toBe(gatewayNamed('egress', OTHER_PROJECT.id));
    expect(change(wanted, egressConfig('egress', OTHER_PROJECT.number), OTHER_PROJECT).action).toBe('keep');
  });

  it('tells gateways of the same name apart', () => {
    expect(change({ egress: gateway('egress') }, egressConfig('egress', OTHER_PROJECT.id)).action).toBe('update');
  });

  it('that nobody knows stays as it is', () => {
    expect(change({}, egressConfig('egress', '999999')).egress.from).toBe(gatewayNamed('egress', '999999'));
  });

  it('a text that is no gateway name at all is shown and replaced', () => {
    const odd = { agentToAnywhereConfig: { agentGateway: 'what is this' } };
    expect(change({ egress: both.egress }, odd).egress).toEqual({
      from: 'what is this',
      to: gatewayNamed('egress'),
      declared: true,
    });
  });
});

it('has one change per engine, sorted by name', () => {
  const engines = ['3', '1', '2'].map((id) => observedEngine(id));
  const found = bindingsOf(desired({ gateways: both }), observed({ engines }));
  expect(found.map(({ engine }) => engine)).toEqual(['1', '2', '3'].map(engineNamed));
});

it('names a gateway of the scope by the ID of its project', () => {
  expect(gatewayName(gateway('egress'), observed())).toBe(gatewayNamed('egress'));
});

describe('plannedStatus', () => {
  it.each<[string, Desired['gateways'], AgentGatewayConfig]>([
    ['pending', both, {}],
    ['bound', both, bound],
    ['bound', {}, egressConfig('egress')],
    ['unbound', { egress: 'none' }, {}],
  ])('%s', (status, gateways, config) => {
    expect(plannedStatus(change(gateways, config))).toBe(status);
  });
});
