import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import { run, stage, type Stage } from '../../support/apply.js';
import type { UpdateEnd } from '../../support/google-engines.js';
import {
  agent,
  desired,
  egressConfig,
  endpoint,
  engineNamed,
  gateway,
  gatewayNamed,
  iapOf,
  ingressConfig,
  memberOf,
  ownedService,
  policyOf,
  serviceNamed,
} from '../../support/builders.js';

const egress = { egress: gateway('egress') };
const stripe = endpoint('stripe', ['api.stripe.com']);
const models = endpoint('models', ['models.example']);

function stageWith(ids: readonly string[], options: Parameters<typeof stage>[0] = {}): Stage {
  const on = stage(options);
  for (const id of ids) on.google.engines.add(id);
  return on;
}

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`);
/** Milliseconds since the start at which engines were written, in the order of writing. */
function writesAt(on: Stage, method = 'aiplatform.patchGatewayConfig'): Map<string, number> {
  const [first] = on.google.calls;
  const calls = on.google.calls.filter((call) => call.method === method);
  return new Map(calls.map(({ resource, at }) => [resource, at - (first?.at ?? 0)]));
}
const indexOf = (on: Stage, method: string, resource: string): number =>
  on.google.calls.findIndex((call) => call.method === method && call.resource === resource);

describe('the order of writes', () => {
  it('is register, grant, bind', async () => {
    const on = stageWith(['1']);
    const want = desired({ gateways: egress, endpoints: [stripe], agents: [agent('1', ['stripe'])] });
    const { result } = await run(on, want);
    expect(on.google.writes().map(({ method }) => method)).toEqual([
      'agentregistry.createService',
      'iap.setPolicy',
      'aiplatform.patchGatewayConfig',
    ]);
    expect(result.failures).toEqual([]);
    expect(on.google.engines.configOf('1')).toEqual(egressConfig('egress'));
  });

  it('binds an engine only after all of its grants, and does not wait for those of others', async () => {
    const on = stageWith(['1', '2'], { iapMs: 40_000 });
    on.google.registry.add(ownedService('models', ['models.example']));
    const want = desired({
      gateways: egress,
      endpoints: [stripe, models],
      agents: [agent('1', ['stripe', 'models']), agent('2', ['models'])],
    });
    await run(on, want);
    const lastGrant = Math.max(
      indexOf(on, 'iap.setPolicy', iapOf('stripe')),
      indexOf(on, 'iap.setPolicy', iapOf('models')),
    );
    expect(indexOf(on, 'aiplatform.patchGatewayConfig', engineNamed('1'))).toBeGreaterThan(lastGrant);
    expect(indexOf(on, 'aiplatform.patchGatewayConfig', engineNamed('2'))).toBeLessThan(
      indexOf(on, 'iap.setPolicy', iapOf('stripe')),
    );
  });

  it('unbinds only when everything else is done', async () => {
    const on = stage();
    on.google.engines.add('1', { config: egressConfig('old') });
    on.google.engines.add('2', { config: { ...egressConfig('egress'), ...ingressConfig('ingress') } });
    const want = desired({ gateways: { ...egress, ingress: 'none' }, agents: [agent('1', []), agent('2', [])] });
    await run(on, want);
    const unbound = indexOf(on, 'aiplatform.patchGatewayConfig', engineNamed('2'));
    const verified = on.google.calls.findLastIndex(({ resource }) => resource === engineNamed('1'));
    expect(unbound).toBeGreaterThan(verified);
    expect(on.google.engines.configOf('2')).toEqual(egressConfig('egress'));
  });

  describe('hosts that are no longer declared', () => {
    const leaving = async (end: UpdateEnd): Promise<Stage> => {
      const on = stage();
      on.google.engines.add('1', { config: egressConfig('egress') });
      on.google.engines.ends.set(engineNamed('1'), [end]);
      on.google.registry.add(ownedService('stripe', ['api.stripe.com', 'files.stripe.com']));
      await run(on, desired({ gateways: { egress: 'none' }, endpoints: [stripe], agents: [agent('1', [])] }));
      return on;
    };

    it('are taken out only after the engines that leave the gateway have left it', async () => {
      const on = await leaving('bound');
      expect(indexOf(on, 'agentregistry.patchService', serviceNamed('stripe'))).toBeGreaterThan(
        on.google.calls.findLastIndex(({ resource }) => resource === engineNamed('1')),
      );
      expect(on.google.registry.get('stripe')?.interfaces).toHaveLength(1);
    });

    it('stay while an engine could not leave: it still goes through the gateway', async () => {
      const on = await leaving({ code: 13, message: 'no' });
      expect(on.google.registry.get('stripe')?.interfaces).toHaveLength(2);
    });
  });
});

describe('one policy', () => {
  it('is written once for forty engines', async () => {
    const on = stageWith(ids(40));
    const want = desired({
      endpoints: [stripe, models],
      agents: ids(40).map((id) => agent(id, ['stripe', 'models'])),
    });
    await run(on, want);
    expect(on.google.called('iap.setPolicy').sort()).toEqual([iapOf('models'), iapOf('stripe')]);
    expect(on.google.policies.get(iapOf('stripe'))?.bindings?.[0]?.members).toHaveLength(40);
  });

  it('is not written where everybody is there', async () => {
    const on = stageWith(['1']);
    on.google.registry.add(ownedService('stripe', ['api.stripe.com']));
    on.google.policies.set(iapOf('stripe'), policyOf([memberOf('1')]));
    await run(on, desired({ gateways: egress, endpoints: [stripe], agents: [agent('1', ['stripe'])] }));
    expect(on.google.writes().map(({ method }) => method)).toEqual(['aiplatform.patchGatewayConfig']);
  });
});

describe('the write quota', () => {
  it('lets ten engines a minute be written, each as soon as it may', async () => {
    const on = stageWith(ids(25), { updateMs: 1_000 });
    await run(on, desired({ gateways: egress, agents: ids(25).map((id) => agent(id, [])) }));
    const at = [...writesAt(on).values()];
    expect(at).toEqual([
      ...Array<number>(10).fill(0),
      ...Array<number>(10).fill(60_000),
      ...Array<number>(5).fill(120_000),
    ]);
  });

  it('counts unbinding too', async () => {
    const on = stage({ updateMs: 1_000 });
    for (const id of ids(12)) on.google.engines.add(id, { config: egressConfig('egress') });
    await run(on, desired({ gateways: { egress: 'none' }, agents: ids(12).map((id) => agent(id, [])) }));
    expect([...writesAt(on).values()].filter((ms) => ms < 60_000)).toHaveLength(10);
  });
});

describe('the propagation wait', () => {
  const wait = 120_000;
  const want = desired({ gateways: egress, endpoints: [stripe], agents: [agent('1', ['stripe'])] });

  it('stands between a new grant and the bind that relies on it', async () => {
    const on = stageWith(['1']);
    await run(on, want, wait);
    const granted = writesAt(on, 'iap.setPolicy').get(iapOf('stripe')) ?? NaN;
    expect(writesAt(on).get(engineNamed('1'))).toBe(granted + wait);
  });

  it.each<[string, Desired]>([
    ['the grant was there', want],
    ['nothing has to be granted', desired({ gateways: egress, agents: [agent('1', [])] })],
  ])('is skipped where %s', async (_what, config) => {
    const on = stageWith(['1']);
    on.google.registry.add(ownedService('stripe', ['api.stripe.com']));
    on.google.policies.set(iapOf('stripe'), policyOf([memberOf('1')]));
    await run(on, config, wait);
    expect(writesAt(on).get(engineNamed('1'))).toBe(0);
  });

  it('is skipped where only ingress is bound: grants are about egress', async () => {
    const on = stageWith(['1']);
    await run(on, { ...want, gateways: { ingress: gateway('ingress') } }, wait);
    const granted = writesAt(on, 'iap.setPolicy').get(iapOf('stripe')) ?? NaN;
    expect(writesAt(on).get(engineNamed('1'))).toBe(granted);
  });

  it('is skipped for an engine whose own grant is old, next to one whose grant is new', async () => {
    const on = stageWith(['1', '2']);
    on.google.registry.add(ownedService('stripe', ['api.stripe.com']));
    on.google.policies.set(iapOf('stripe'), policyOf([memberOf('1')]));
    await run(on, { ...want, agents: [agent('1', ['stripe']), agent('2', ['stripe'])] }, wait);
    expect(writesAt(on).get(engineNamed('1'))).toBe(0);
    expect(writesAt(on).get(engineNamed('2'))).toBe(wait);
  });

  it('is kept when the member that was to be added is found after a conflict: it can only just have come', async () => {
    const on = stageWith(['1']);
    on.google.registry.add(ownedService('stripe', ['api.stripe.com']));
    const policy = iapOf('stripe');
    // As after a lost answer of our own write.
    on.google.script('iap.setPolicy', () => on.google.putPolicy(policy, policyOf([memberOf('1')]).bindings));
    await run(on, want, wait);
    expect(writesAt(on).get(engineNamed('1'))).toBeGreaterThanOrEqual(wait);
  });
});

it('a run with nothing to write writes nothing', async () => {
  const on = stage();
  on.google.engines.add('1', { config: egressConfig('egress') });
  const { result } = await run(on, desired({ gateways: egress, agents: [agent('1', [])] }));
  expect(on.google.calls).toEqual([]);
  expect(result.engines.get(engineNamed('1'))).toEqual({
    engine: engineNamed('1'),
    status: 'bound',
    egress: gatewayNamed('egress'),
    ingress: null,
  });
});
