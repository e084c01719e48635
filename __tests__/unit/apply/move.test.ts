import { describe, expect, it } from '@jest/globals';
import { applyPlan } from '../../../src/apply/apply.js';
import { type ApplyResult } from '../../../src/apply/result.js';
import {
  configs,
  fleet,
  ids,
  NEW,
  OLD,
  rollbacks,
  statuses,
  told,
  UPDATE_MS,
  wantOf,
  writes,
} from '../../support/fleet.js';
import { agent, endpoint, engineNamed, gateway, gatewayNamed, iapOf, ingressConfig } from '../../support/builders.js';
import { anotherRun, clientsOf, look, run, type Stage } from '../../support/apply.js';
import { apiError } from '../../support/errors.js';
import { TAKEN } from '../../support/google-engines.js';

describe('a move', () => {
  it('unbinds all, then binds one, then all others', async () => {
    const on = fleet(3);
    const { result } = await run(on, wantOf(ids(3)));
    expect(writes(on).map(({ id, config }) => [id, config])).toEqual([
      ['1', {}],
      ['2', {}],
      ['3', {}],
      ['1', NEW],
      ['2', NEW],
      ['3', NEW],
    ]);
    const [, , , first, second] = writes(on).map(({ at }) => at);
    expect(first).toBeGreaterThanOrEqual(UPDATE_MS);
    expect(second).toBeGreaterThanOrEqual(2 * UPDATE_MS);
    expect(result.failures).toEqual([]);
    expect(result.engines.get(engineNamed('1'))).toMatchObject({ status: 'changed', egress: gatewayNamed('egress') });
  });

  it('says so at each point', async () => {
    const on = fleet(2);
    await run(on, wantOf(ids(2)));
    const lines = on.log.lines().map((line) => line.replace(/^.*?\] /, ''));
    const subject = `Move to egress gateway ${gatewayNamed('egress')}`;
    expect(lines.filter((line) => line.startsWith(subject) || /unbound|verified/.test(line))).toEqual([
      `${subject}: unbinding 2 engines first`,
      'agent 1: unbound: egress',
      'agent 2: unbound: egress',
      `${subject}: binding one engine, to see whether the slot is free`,
      'agent 1: verified: egress egress, ingress not bound',
      `${subject}: the slot is free, 1 more to bind`,
      'agent 2: verified: egress egress, ingress not bound',
    ]);
  });

  it('keeps to ten engine writes a minute: twelve engines are twenty-four of them', async () => {
    const on = fleet(12);
    on.google.engines.slotReleaseMs = undefined;
    await run(on, wantOf(ids(12)));
    const at = writes(on).map((write) => write.at);
    expect(at).toHaveLength(24);
    for (const start of at)
      expect(at.filter((ms) => ms >= start && ms < start + 60_000).length).toBeLessThanOrEqual(10);
  });

  it('sends the other direction along in every write, as it is at that moment', async () => {
    const on = fleet(2, { config: { ...OLD, ...ingressConfig('front') } });
    // Two gateways are one too many; this is about what is written, not about what Google makes of it.
    on.google.engines.slotReleaseMs = undefined;
    on.google.script('aiplatform.patchGatewayConfig', 'pass', 'pass', () =>
      on.google.engines.setConfig('1', ingressConfig('of-somebody')),
    );
    await run(on, wantOf(ids(2)));
    expect(writes(on).map(({ id, config }) => [id, config])).toEqual([
      ['1', ingressConfig('front')],
      ['2', ingressConfig('front')],
      ['1', { ...NEW, ...ingressConfig('front') }],
      ['1', { ...NEW, ...ingressConfig('of-somebody') }],
      ['2', { ...NEW, ...ingressConfig('front') }],
    ]);
  });

  it('of both directions unbinds and binds both in one write each', async () => {
    const on = fleet(2, { config: { ...OLD, ...ingressConfig('old') } });
    await run(on, wantOf(ids(2), { gateways: { egress: gateway('egress'), ingress: gateway('ingress') } }));
    const all = { ...NEW, ...ingressConfig('ingress') };
    expect(writes(on).map(({ config }) => config)).toEqual([{}, {}, all, all]);
  });

  it('of one direction binds the other one, which is new, with the last write', async () => {
    const on = fleet(1);
    await run(on, wantOf(['1'], { gateways: { egress: gateway('egress'), ingress: gateway('ingress') } }));
    expect(writes(on).map(({ config }) => config)).toEqual([{}, { ...NEW, ...ingressConfig('ingress') }]);
  });

  it('lets an engine that is new to the direction wait, and one that has nothing to do with it go on', async () => {
    const on = fleet(1);
    on.google.engines.add('2');
    on.google.engines.add('3', { config: ingressConfig('ingress') });
    await run(on, wantOf(['1', '2', '3']));
    const at = new Map(writes(on).map((write) => [`${write.id} ${JSON.stringify(write.config)}`, write.at]));
    expect([...at].map(([write]) => write.slice(0, 1))).toEqual(['1', '1', '2', '3']);
    expect(at.get(`2 ${JSON.stringify(NEW)}`)).toBeGreaterThanOrEqual(UPDATE_MS);
  });

  it('begins when everything that any of its engines relies on is there, and new grants count', async () => {
    const on = fleet(2);
    const want = wantOf(ids(2), {
      endpoints: [endpoint('stripe', ['api.stripe.com'])],
      agents: [agent('1', ['stripe']), agent('2', [])],
    });
    await run(on, want, 120_000);
    const granted = on.google.calls.find(({ method }) => method === 'iap.setPolicy')?.at ?? NaN;
    const first = on.google.calls.find(({ method }) => method === 'aiplatform.patchGatewayConfig')?.at;
    expect(first).toBe(granted + 120_000);
  });

  it('does not begin when an endpoint of one of its engines failed', async () => {
    const on = fleet(2);
    on.google.script(`iap.setPolicy ${iapOf('stripe')}`, apiError(400, 'INVALID_ARGUMENT', { api: 'iap' }));
    const want = wantOf(ids(2), {
      endpoints: [endpoint('stripe', ['api.stripe.com'])],
      agents: [agent('1', ['stripe']), agent('2', [])],
    });
    const { result } = await run(on, want, 0, { rollback: true });
    expect(writes(on)).toEqual([]);
    expect(statuses(result)).toEqual(['pending', 'pending']);
    expect(result.failures.map(({ reason }) => reason)).toEqual(['grant-failed']);
    expect(told(on)).toContain('not begun, since not every engine can leave its gateway');
  });

  it('does not wait for an engine that is new and cannot come along', async () => {
    const on = fleet(1);
    on.google.engines.add('2');
    on.google.script(`iap.setPolicy ${iapOf('stripe')}`, apiError(400, 'INVALID_ARGUMENT', { api: 'iap' }));
    const want = wantOf(['1', '2'], {
      endpoints: [endpoint('stripe', ['api.stripe.com'])],
      agents: [agent('1', []), agent('2', ['stripe'])],
    });
    const { result } = await run(on, want);
    expect(statuses(result)).toEqual(['changed', 'pending']);
    expect(configs(on, 2)).toEqual([NEW, {}]);
  });
});

describe('a slot that is not free yet', () => {
  it('is waited for with one engine after the other, then taken by all', async () => {
    const on = fleet(4, { releaseMs: 400_000 });
    const { result } = await run(on, wantOf(ids(4)));
    expect(result.failures).toEqual([]);
    expect(configs(on, 4)).toEqual(Array(4).fill(NEW));
    // Two attempts end before the slot is free, the third after that; then the others, those that were tried before included.
    expect(
      writes(on)
        .map(({ id }) => id)
        .slice(4),
    ).toEqual(['1', '2', '3', '4', '1', '2']);
    expect(told(on)).toContain(`${TAKEN.message ?? ''}; the slot may still be taken by the other gateway`);
  });

  it('costs no engine its other direction, also where an attempt in vain leaves the whole config null', async () => {
    const on = fleet(2, { config: { ...OLD, ...ingressConfig('front') } });
    on.google.engines.ends.set(engineNamed('1'), ['bound', TAKEN]);
    void on.clock.sleep(UPDATE_MS + 60_000).then(() => on.google.engines.setConfig('1', {}));
    const { result } = await run(on, wantOf(ids(2)));
    expect(result.failures).toEqual([]);
    expect(configs(on, 2)).toEqual(Array(2).fill({ ...NEW, ...ingressConfig('front') }));
  });

  it('is no reason to try an engine again that is refused for a reason of its own', async () => {
    const on = fleet(3);
    on.google.script(
      `aiplatform.patchGatewayConfig ${engineNamed('1')}`,
      'pass',
      apiError(403, 'PERMISSION_DENIED'),
      apiError(403, 'PERMISSION_DENIED'),
    );
    const { result } = await run(on, wantOf(ids(3)));
    expect(statuses(result)).toEqual(['failed', 'changed', 'changed']);
    expect(writes(on).filter(({ id }) => id === '1')).toHaveLength(2);
  });

  it.each([
    ['FAILED_PRECONDITION', 400],
    ['INVALID_ARGUMENT', 400],
    ['ABORTED', 409],
    ['INTERNAL', 500],
  ])('may be told at once, with %s', async (rpc, status) => {
    const on = fleet(2);
    let refusals = 0;
    const { aiplatform } = on.google;
    const patchGatewayConfig: typeof aiplatform.patchGatewayConfig = (...args) => {
      if (JSON.stringify(args[1]) !== JSON.stringify(NEW) || (refusals += 1) > 8)
        return aiplatform.patchGatewayConfig(...args);
      return Promise.reject(apiError(status, rpc, { message: TAKEN.message ?? '' }));
    };
    const { observed, plan } = await look(on, wantOf(ids(2)));
    const google = clientsOf(on, { aiplatform: { ...aiplatform, patchGatewayConfig } });
    const result = await applyPlan(plan, observed, { propagationWaitMs: 0 }, { ...on.deps, google });
    expect(result.failures).toEqual([]);
    expect(configs(on, 2)).toEqual([NEW, NEW]);
  });

  it('is given up after ten minutes; then each engine is tried once all the same', async () => {
    const on = fleet(8, { releaseMs: 1e9 });
    const { result } = await run(on, wantOf(ids(8)));
    const tried = writes(on).slice(8);
    const waited = tried.filter(({ at }) => at < UPDATE_MS + 600_000 + UPDATE_MS).map(({ id }) => id);
    expect(new Set(tried.map(({ id }) => id)).size).toBe(8);
    expect(tried).toHaveLength(8);
    expect(waited.length).toBeGreaterThan(2);
    expect(statuses(result)).toEqual(Array(8).fill('failed'));
    expect(result.failures.at(-1)?.message).toContain(
      'bound to no egress gateway, so that what they call is not governed',
    );
  });

  it('may still be taken when a run finds all engines unbound', async () => {
    const on = fleet(3, { releaseMs: 200_000 });
    for (const id of ids(3)) on.google.engines.setConfig(id, {});
    const { result, plan } = await run(on, wantOf(ids(3)));
    expect(plan.checks.filter(({ id }) => id === 'move-ungoverned')).toEqual([]);
    expect(result.failures).toEqual([]);
    expect(configs(on, 3)).toEqual([NEW, NEW, NEW]);
  });
});

describe('a binding that nobody has to leave another gateway for', () => {
  it('stands for itself: one that fails is rolled back alone, and all others are tried', async () => {
    const on = fleet(6, { config: ingressConfig('front'), releaseMs: 1e9 });
    // Somebody else holds the slot, unseen by the plan.
    const { plan, observed } = await look(on, wantOf(ids(6)));
    on.google.engines.add('9', { config: OLD });
    on.google.calls.length = 0;
    const result = await applyPlan(plan, observed, { propagationWaitMs: 0, rollback: true }, on.deps);
    expect(new Set(writes(on).map(({ id }) => id)).size).toBe(6);
    expect(statuses(result)).toEqual(Array(6).fill('failed'));
    expect(rollbacks(result)).toEqual(Array(6).fill('kept'));
    expect(configs(on, 6)).toEqual(Array(6).fill(ingressConfig('front')));
  });
});

describe('two runs that make the same move at a time', () => {
  it.each([0, 20_000, UPDATE_MS + 20_000, 2 * UPDATE_MS + 20_000])(
    'end with all on the new gateway, nobody there twice (%i ms apart)',
    async (apart) => {
      const on = fleet(3);
      const other = anotherRun(on);
      const looked = await look(on, wantOf(ids(3)));
      const applying = (run: Stage): Promise<ApplyResult> =>
        applyPlan(looked.plan, looked.observed, { propagationWaitMs: 0 }, run.deps);
      const [first, second] = await Promise.all([applying(on), on.clock.sleep(apart).then(() => applying(other))]);
      expect([...first.failures, ...second.failures]).toEqual([]);
      expect(configs(on, 3)).toEqual([NEW, NEW, NEW]);
      const arrivals = on.google.engines.done.filter(({ config }) => JSON.stringify(config) === JSON.stringify(NEW));
      expect(arrivals.map(({ engine }) => engine).sort()).toEqual(ids(3).map(engineNamed));
    },
  );
});
