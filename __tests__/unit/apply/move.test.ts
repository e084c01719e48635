import { describe, expect, it } from '@jest/globals';
import { applyPlan } from '../../../src/apply/apply.js';
import type { ApplyResult } from '../../../src/apply/result.js';
import { CancelledError, TimeoutError } from '../../../src/google/errors.js';
import type { AgentGatewayConfig } from '../../../src/google/types.js';
import { anotherRun, clientsOf, look, run, stage, type Stage } from '../../support/apply.js';
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
} from '../../support/builders.js';
import { apiError } from '../../support/errors.js';
import { TAKEN, type UpdateEnd } from '../../support/google-engines.js';

const UPDATE_MS = 150_000;
const OLD = egressConfig('old');
const NEW = egressConfig('egress');
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index + 1}`);
const wantOf = (names: readonly string[], more: Parameters<typeof desired>[0] = {}) =>
  desired({ gateways: { egress: gateway('egress') }, move: true, agents: names.map((id) => agent(id, [])), ...more });

/** So many engines on the old gateway, whose slot is free at once unless said otherwise. */
function fleet(
  count: number,
  { releaseMs = 0, config = OLD }: { releaseMs?: number; config?: AgentGatewayConfig } = {},
): Stage {
  const on = stage({ updateMs: UPDATE_MS });
  on.google.engines.slotReleaseMs = releaseMs;
  for (const id of ids(count)) on.google.engines.add(id, { config });
  return on;
}

interface Write {
  readonly id: string;
  readonly config: unknown;
  /** Milliseconds since the first write. */
  readonly at: number;
}

const writes = (on: Stage): Write[] => {
  const calls = on.google.calls.filter(({ method }) => method === 'aiplatform.patchGatewayConfig');
  return calls.map(({ resource, body, at }) => ({
    id: resource.slice(resource.lastIndexOf('/') + 1),
    config: body,
    at: at - (calls[0]?.at ?? 0),
  }));
};
const told = (on: Stage): string => on.log.lines().join('\n');
const configs = (on: Stage, count: number): AgentGatewayConfig[] =>
  ids(count).map((id) => on.google.engines.configOf(id));
const statuses = (result: ApplyResult): string[] => [...result.engines.values()].map(({ status }) => status);
const rollbacks = (result: ApplyResult): unknown[] => [...result.engines.values()].map(({ rollback }) => rollback);
const ends = (on: Stage, id: string, ...all: UpdateEnd[]): void =>
  void on.google.engines.ends.set(engineNamed(id), all);
const failed: UpdateEnd = { code: 13, message: 'the container cannot start' };

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
      `${subject}: unbinding 2 engine(s) first`,
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

describe('an engine that cannot be bound to the new gateway', () => {
  it('holds nobody else: the others go on, and it is told where all stand', async () => {
    const on = fleet(3);
    ends(on, '1', 'bound', failed, failed);
    const { result } = await run(on, wantOf(ids(3)));
    expect(configs(on, 3)).toEqual([{}, NEW, NEW]);
    expect(statuses(result)).toEqual(['failed', 'changed', 'changed']);
    expect(result.failures.map(({ reason }) => reason)).toEqual(['bind-failed', 'bind-failed']);
    expect(result.failures[1]?.message.split('\n')).toEqual([
      `Move to egress gateway ${gatewayNamed('egress')} is not finished. As far as is known:`,
      `- bound to egress gateway ${gatewayNamed('egress')}: 2 engine(s)`,
      '- bound to no egress gateway, so that what they call is not governed: "agent 1"',
    ]);
    expect(result.failures[1]?.next.join(' ')).toContain('Run again with the same config');
  });

  it('is bound by the next run, which leaves the others alone', async () => {
    const on = fleet(3);
    ends(on, '2', 'bound', failed);
    await run(on, wantOf(ids(3)));
    const again = anotherRun(on);
    const { result } = await run(again, wantOf(ids(3)));
    expect(writes(again).map(({ id, config }) => [id, config])).toEqual([['2', NEW]]);
    expect(result.failures).toEqual([]);
  });

  it('takes all back with rollback: unbound from the new one first, bound to the old one then', async () => {
    const on = fleet(3, { config: { ...OLD, ...ingressConfig('front') }, releaseMs: 60_000 });
    ends(on, '2', 'bound', failed);
    const { result } = await run(on, wantOf(ids(3)), 0, { rollback: true });
    expect(configs(on, 3)).toEqual(Array(3).fill({ ...OLD, ...ingressConfig('front') }));
    expect(statuses(result)).toEqual(['pending', 'failed', 'pending']);
    expect(rollbacks(result)).toEqual(['restored', 'restored', 'restored']);
    expect(result.failures.map(({ reason }) => reason)).toEqual(['bind-failed', 'bind-failed']);
    expect(result.failures[0]?.message).toContain('the container cannot start');
    expect(result.failures[0]?.message).toContain(
      `Rolled back to egress ${gatewayNamed('old')}, ingress ${gatewayNamed('front')}.`,
    );
    expect(result.failures[1]?.message).toBe(
      `Move to egress gateway ${gatewayNamed('egress')} was rolled back: all 3 engine(s) are bound as they were before.`,
    );
    const back = writes(on)
      .slice(6)
      .map(({ id, config }) => [id, config]);
    // Engine 2 never came to the new gateway, so there is nothing to unbind it from.
    expect(back.slice(0, 2)).toEqual([
      ['1', ingressConfig('front')],
      ['3', ingressConfig('front')],
    ]);
    expect(new Set(back.slice(2).map(([id]) => id))).toEqual(new Set(ids(3)));
  });

  it('that had no gateway before stays without when all go back', async () => {
    const on = fleet(2);
    on.google.engines.add('3');
    ends(on, '1', 'bound', failed, failed);
    const { result } = await run(on, wantOf(ids(3)), 0, { rollback: true });
    expect(configs(on, 3)).toEqual([OLD, OLD, {}]);
    expect(rollbacks(result)).toEqual(['restored', 'restored', 'restored']);
  });

  it('and cannot be bound to the old one either is told so, with where it is now', async () => {
    const on = fleet(3);
    ends(on, '2', 'bound', failed, failed, failed);
    const { result } = await run(on, wantOf(ids(3)), 0, { rollback: true });
    expect(configs(on, 3)).toEqual([OLD, {}, OLD]);
    expect(rollbacks(result)).toEqual(['restored', 'failed', 'restored']);
    expect(result.engines.get(engineNamed('2'))?.failure?.message).toMatch(
      /The roll-back of engine "agent 2" .* failed: .*the container cannot start It is now bound to no gateway\./,
    );
    expect(result.failures.at(-1)?.message).toContain('could not be rolled back in full');
  });

  it('keeps the others from going back when it cannot be unbound from the new one again', async () => {
    const on = fleet(3);
    ends(on, '1', 'bound', 'bound', failed);
    ends(on, '2', 'bound', failed);
    const { result } = await run(on, wantOf(ids(3)), 0, { rollback: true });
    expect(configs(on, 3)).toEqual([NEW, {}, {}]);
    expect(rollbacks(result)).toEqual(['failed', 'not-begun', 'not-begun']);
    expect(statuses(result)).toEqual(['failed', 'failed', 'pending']);
    expect(result.failures.at(-1)?.message).toContain('so that what they call is not governed: "agent 2", "agent 3"');
  });

  it('names the run, whatever fails on the way back', async () => {
    const on = fleet(2);
    ends(on, '1', 'bound', 'null');
    on.google.script(
      `aiplatform.patchGatewayConfig ${engineNamed('2')}`,
      'pass',
      'pass',
      'pass',
      apiError(403, 'PERMISSION_DENIED'),
    );
    const { result } = await run(on, wantOf(ids(2)), 0, { rollback: true });
    expect(rollbacks(result)).toEqual(['restored', 'failed']);
    expect(new Set(result.failures.map(({ reason }) => reason))).toEqual(new Set(['not-bound']));
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

describe('an engine that cannot be unbound', () => {
  it("because of somebody else's guardrail says what would help, and nothing is changed", async () => {
    const on = fleet(2);
    const refusal = apiError(400, 'FAILED_PRECONDITION', {
      reason: 'CUSTOM_ORG_POLICY_VIOLATION',
      metadata: { customConstraints: 'customConstraints/custom.allowlistedEgressAgentGatewaysForAgentEngine' },
    });
    on.google.script('aiplatform.patchGatewayConfig', refusal, refusal);
    const { result } = await run(on, wantOf(ids(2)), 0, { rollback: true });
    expect(configs(on, 2)).toEqual([OLD, OLD]);
    expect(result.failures).toHaveLength(2);
    expect(result.failures[0]?.next[0]).toContain('has to be in dry run until the move is over');
  });

  it('stops the move: nobody is bound while it holds the slot', async () => {
    const on = fleet(3);
    ends(on, '2', failed);
    const { result } = await run(on, wantOf(ids(3)));
    expect(configs(on, 3)).toEqual([{}, OLD, {}]);
    expect(writes(on)).toHaveLength(3);
    expect(statuses(result)).toEqual(['pending', 'failed', 'pending']);
    expect(result.failures[0]?.message).toMatch(/^Unbinding engine "agent 2"/);
    expect(result.failures[1]?.message).toContain(`- bound to egress gateway ${gatewayNamed('old')}: 1 engine(s)`);
  });

  it('takes the others back with rollback', async () => {
    const on = fleet(3, { releaseMs: 300_000 });
    ends(on, '2', failed);
    const { result } = await run(on, wantOf(ids(3)), 0, { rollback: true });
    expect(configs(on, 3)).toEqual([OLD, OLD, OLD]);
    expect(rollbacks(result)).toEqual(['restored', 'kept', 'restored']);
    expect(statuses(result)).toEqual(['pending', 'failed', 'pending']);
  });

  it('changes nothing when all are refused', async () => {
    const on = fleet(2);
    on.google.script('aiplatform.patchGatewayConfig', ...Array<Error>(2).fill(apiError(403, 'PERMISSION_DENIED')));
    const { result } = await run(on, wantOf(ids(2)), 0, { rollback: true });
    expect(configs(on, 2)).toEqual([OLD, OLD]);
    expect(writes(on)).toHaveLength(2);
    expect(rollbacks(result)).toEqual([undefined, undefined]);
    expect(result.failures).toHaveLength(2);
  });
});

describe('a run that ends in the middle of a move', () => {
  it.each([
    ['cancelled', new CancelledError(), 60_000, [{}, {}]],
    ['timeout', new TimeoutError('over'), 60_000, [{}, {}]],
    ['cancelled', new CancelledError(), UPDATE_MS + 60_000, [NEW, {}]],
    ['timeout', new TimeoutError('over'), UPDATE_MS + 60_000, [NEW, {}]],
  ] as const)('%s: nothing is rolled back, and running again goes on (%#)', async (reason, error, after, then) => {
    const on = fleet(2);
    const running = run(on, wantOf(ids(2)), 0, { rollback: true });
    await on.clock.sleep(after);
    on.stop(error);
    const { result } = await running;
    expect(statuses(result)).toEqual(['pending', 'pending']);
    expect(new Set(rollbacks(result))).toEqual(new Set(['not-begun']));
    expect(new Set(result.failures.map((failure) => failure.reason))).toEqual(new Set([reason]));
    expect(result.failures.map(({ message }) => message).join('\n')).toContain(
      'Not rolled back: nothing new is begun once a run is over.',
    );
    expect(result.failures.at(-1)?.message).toContain('is not finished');
    await on.clock.sleep(UPDATE_MS);
    expect(configs(on, 2)).toEqual(then);
    const again = anotherRun(on);
    expect((await run(again, wantOf(ids(2)))).result.failures).toEqual([]);
    expect(configs(again, 2)).toEqual([NEW, NEW]);
  });

  it('while the slot is waited for says so of every engine', async () => {
    const on = fleet(2, { releaseMs: 1e9 });
    const running = run(on, wantOf(ids(2)), 0, { rollback: true });
    await on.clock.sleep(2 * UPDATE_MS + 400);
    on.stop(new TimeoutError('over'));
    const { result } = await running;
    expect(statuses(result)).toEqual(['pending', 'pending']);
    expect(new Set(result.failures.map(({ reason }) => reason))).toEqual(new Set(['timeout']));
    expect(result.failures).toHaveLength(3);
  });
});
