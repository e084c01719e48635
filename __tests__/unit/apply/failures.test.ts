import { describe, expect, it } from '@jest/globals';
import type { ApplyResult } from '../../../src/apply/result.js';
import { applyPlan } from '../../../src/apply/apply.js';
import { CancelledError, TimeoutError } from '../../../src/google/errors.js';
import { look, run, stage, type Stage } from '../../support/apply.js';
import {
  agent,
  desired,
  egressConfig,
  endpoint,
  engineNamed,
  gateway,
  gatewayNamed,
  iapOf,
  memberOf,
  ownedService,
  resourceOf,
  serviceNamed,
} from '../../support/builders.js';
import { apiError } from '../../support/errors.js';

const stripe = endpoint('stripe', ['api.stripe.com']);
const models = endpoint('models', ['models.example']);
const want = desired({
  gateways: { egress: gateway('egress') },
  endpoints: [stripe, models],
  agents: [agent('1', ['stripe']), agent('2', ['models']), agent('3', ['stripe', 'models'])],
});

function threeEngines(): Stage {
  const on = stage();
  for (const id of ['1', '2', '3']) on.google.engines.add(id);
  return on;
}

const statuses = (result: ApplyResult): Record<string, string> =>
  Object.fromEntries([...result.engines].map(([name, { status }]) => [name.slice(-1), status]));

describe('a service that cannot be registered', () => {
  it('stops only the engines that rely on it', async () => {
    const on = threeEngines();
    on.google.script(`agentregistry.createService ${serviceNamed('stripe')}`, apiError(400, 'INVALID_ARGUMENT'));
    const { result } = await run(on, want);
    expect(statuses(result)).toEqual({ 1: 'pending', 2: 'changed', 3: 'pending' });
    expect(on.google.called('aiplatform.patchGatewayConfig')).toEqual([engineNamed('2')]);
    expect(result.services.get(serviceNamed('stripe'))).toMatchObject({ status: 'failed', granted: 0 });
    expect(result.services.get(serviceNamed('models'))).toMatchObject({
      status: 'done',
      granted: 2,
      registryResource: resourceOf('models'),
    });
    expect(result.failures[0]).toMatchObject({ reason: 'register-failed' });
    expect(result.failures[0]?.message).toContain(serviceNamed('stripe'));
  });
});

describe('a grant that is refused', () => {
  it('stops the engines of that service, and says on which resource', async () => {
    const on = threeEngines();
    on.google.script(`iap.setPolicy ${iapOf('stripe')}`, apiError(400, 'INVALID_ARGUMENT', { api: 'iap' }));
    const { result } = await run(on, want);
    expect(statuses(result)).toEqual({ 1: 'pending', 2: 'changed', 3: 'pending' });
    expect(result.failures[0]).toMatchObject({ reason: 'grant-failed' });
    expect(result.failures[0]?.message).toContain(resourceOf('stripe'));
    expect(result.services.get(serviceNamed('stripe'))?.registryResource).toBe(resourceOf('stripe'));
  });

  it('for want of a permission is named so', async () => {
    const on = threeEngines();
    on.google.script('iap.setPolicy', ...Array<Error>(2).fill(apiError(403, 'PERMISSION_DENIED', { api: 'iap' })));
    const { result } = await run(on, want);
    expect(result.failures[0]).toMatchObject({ reason: 'permission-denied' });
    expect(statuses(result)).toEqual({ 1: 'pending', 2: 'pending', 3: 'pending' });
  });
});

describe('an engine that cannot be bound', () => {
  it.each([
    ['bind-failed', { code: 13, message: 'Please refer to our troubleshooting pages' }],
    ['not-bound', 'null'],
  ] as const)('%s: the others go on', async (reason, end) => {
    const on = threeEngines();
    on.google.engines.ends.set(engineNamed('2'), [end]);
    const { result } = await run(on, want);
    expect(statuses(result)).toEqual({ 1: 'changed', 2: 'failed', 3: 'changed' });
    expect(result.failures[0]).toMatchObject({ reason });
    expect(result.engines.get(engineNamed('2'))).toMatchObject({ egress: null, ingress: null, failure: { reason } });
  });

  it('keeps every failure with its engine; the run is named after the weightiest', async () => {
    const on = threeEngines();
    on.google.engines.ends.set(engineNamed('1'), ['null']);
    on.google.engines.ends.set(engineNamed('3'), [{ code: 13 }]);
    const { result } = await run(on, want);
    expect(result.engines.get(engineNamed('1'))?.failure?.reason).toBe('not-bound');
    expect(result.engines.get(engineNamed('3'))?.failure?.reason).toBe('bind-failed');
    expect(result.failures.map(({ reason: each }) => each)).toEqual(['bind-failed', 'not-bound']);
  });

  it('still lets others be unbound', async () => {
    const on = threeEngines();
    on.google.engines.add('4', { config: egressConfig('egress') });
    on.google.engines.ends.set(engineNamed('1'), [{ code: 13 }]);
    const { plan, observed } = await look(on, { ...want, agents: [...want.agents, agent('4', [])] });
    const changes = plan.changes.map((change) =>
      change.layer === 'binding' && change.engine === engineNamed('4')
        ? { ...change, action: 'remove' as const, egress: { ...change.egress, to: null } }
        : change,
    );
    const result = await applyPlan({ ...plan, changes }, observed, { propagationWaitMs: 0 }, on.deps);
    expect(statuses(result)).toEqual({ 1: 'failed', 2: 'changed', 3: 'changed', 4: 'unbound' });
  });
});

describe('a run that ends before its time', () => {
  it.each([
    ['cancelled', new CancelledError()],
    ['timeout', new TimeoutError('over')],
  ] as const)('%s while engines are updated: they are pending, and nothing new begins', async (reason, error) => {
    const on = threeEngines();
    const running = run(on, want);
    await on.clock.sleep(30_000);
    on.stop(error);
    const { result } = await running;
    expect(statuses(result)).toEqual({ 1: 'pending', 2: 'pending', 3: 'pending' });
    expect(result.failures[0]?.reason).toBe(reason);
    expect(result.failures[0]?.message).toMatch(/operation .* is still running/);
  });

  it('heals by running again: what was started is picked up, not doubled', async () => {
    const on = threeEngines();
    const running = run(on, want);
    await on.clock.sleep(30_000);
    on.stop(new CancelledError());
    await running;
    const again: Stage = { ...on, deps: { ...on.deps, signal: new AbortController().signal } };
    const { result } = await run(again, want);
    expect(statuses(result)).toEqual({ 1: 'changed', 2: 'changed', 3: 'changed' });
    expect(on.google.writes()).toEqual([]);
    expect((await look(on, want)).plan.summary).toEqual({ register: 0, grant: 0, bind: 0, remove: 0 });
  });

  it('during the propagation wait writes no engine', async () => {
    const on = threeEngines();
    const running = run(on, want, 120_000);
    await on.clock.sleep(60_000);
    on.stop(new CancelledError());
    const { result } = await running;
    expect(on.google.called('aiplatform.patchGatewayConfig')).toEqual([]);
    expect(result.failures[0]?.reason).toBe('cancelled');
    expect(statuses(result)).toEqual({ 1: 'pending', 2: 'pending', 3: 'pending' });
  });
});

describe('what is told of a run', () => {
  it('has every engine of the plan, with its gateways as read last and how long it took', async () => {
    const on = threeEngines();
    on.google.engines.setConfig('3', egressConfig('egress'));
    const { result } = await run(on, want);
    expect([...result.engines.keys()].sort()).toEqual(['1', '2', '3'].map(engineNamed));
    expect(result.engines.get(engineNamed('1'))).toMatchObject({ status: 'changed', egress: gatewayNamed('egress') });
    expect(result.engines.get(engineNamed('1'))?.tookMs).toBeGreaterThanOrEqual(150_000);
    expect(result.engines.get(engineNamed('3'))).not.toHaveProperty('tookMs');
    expect(result.engines.get(engineNamed('3'))?.status).toBe('bound');
  });

  it('a service where nothing was to do is unchanged', async () => {
    const on = threeEngines();
    on.google.registry.add(ownedService('stripe', ['api.stripe.com']));
    on.google.putPolicy(iapOf('stripe'), [{ role: 'roles/iap.egressor', members: [memberOf('1'), memberOf('3')] }]);
    const { result } = await run(on, want);
    expect(result.services.get(serviceNamed('stripe'))).toEqual({
      service: serviceNamed('stripe'),
      status: 'unchanged',
      registryResource: resourceOf('stripe'),
      granted: 0,
    });
  });
});
