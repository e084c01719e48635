import { describe, expect, it } from '@jest/globals';
import { CancelledError, TimeoutError } from '../../../src/google/errors.js';
import {
  configs,
  ends,
  failed,
  fleet,
  ids,
  NEW,
  OLD,
  rollbacks,
  statuses,
  UPDATE_MS,
  wantOf,
  writes,
} from '../../support/fleet.js';
import { engineNamed, gatewayNamed, ingressConfig } from '../../support/builders.js';
import { anotherRun, run } from '../../support/apply.js';
import { apiError, reset } from '../../support/errors.js';

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
      `- bound to egress gateway ${gatewayNamed('egress')}: 2 engines`,
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
      `Move to egress gateway ${gatewayNamed('egress')} was rolled back: every one of 3 engines is bound as it was before.`,
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

  it('that had no gateway before stays without when all go back, and is named', async () => {
    const on = fleet(2);
    on.google.engines.add('3');
    ends(on, '1', 'bound', failed, failed);
    const { result } = await run(on, wantOf(ids(3)), 0, { rollback: true });
    expect(configs(on, 3)).toEqual([OLD, OLD, {}]);
    expect(rollbacks(result)).toEqual(['restored', 'restored', 'restored']);
    const { message = '', next = [] } = result.failures.at(-1) ?? {};
    expect(message.split('\n')).toEqual([
      expect.stringContaining('was rolled back: every one of 3 engines is bound as it was before.'),
      '- bound to no egress gateway, so that what they call is not governed: "agent 3"',
    ]);
    expect(next.at(-1)).toContain('To bind those that have no gateway to the old one');
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
    expect(result.failures[1]?.message).toContain(`- bound to egress gateway ${gatewayNamed('old')}: 1 engine`);
  });

  it('takes the others back with rollback', async () => {
    const on = fleet(3, { releaseMs: 300_000 });
    ends(on, '2', failed);
    const { result } = await run(on, wantOf(ids(3)), 0, { rollback: true });
    expect(configs(on, 3)).toEqual([OLD, OLD, OLD]);
    expect(rollbacks(result)).toEqual(['restored', 'kept', 'restored']);
    expect(statuses(result)).toEqual(['pending', 'failed', 'pending']);
  });

  it('and lost the other direction gets it back, even when the first look at it fails', async () => {
    const before = { ...OLD, ...ingressConfig('front') };
    const on = fleet(2, { config: before });
    ends(on, '2', failed);
    void on.clock.sleep(10_000).then(() => {
      on.google.engines.setConfig('2', {});
      on.google.script(`aiplatform.getEngine ${engineNamed('2')}`, reset());
    });
    const { result } = await run(on, wantOf(ids(2)), 0, { rollback: true });
    expect(configs(on, 2)).toEqual([before, before]);
    expect(rollbacks(result)).toEqual(['restored', 'restored']);
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

  it('while the slot is waited for says so of every engine, whenever that is', async () => {
    for (let after = 400; after < 3 * UPDATE_MS; after += 9_700) {
      const on = fleet(3, { releaseMs: 1e9 });
      const running = run(on, wantOf(ids(3)), 0, { rollback: true });
      await on.clock.sleep(2 * UPDATE_MS + after);
      on.stop(new TimeoutError('over'));
      const { result } = await running;
      expect(statuses(result)).toEqual(['pending', 'pending', 'pending']);
      expect(new Set(result.failures.map(({ reason }) => reason))).toEqual(new Set(['timeout']));
      expect(result.failures).toHaveLength(4);
    }
  });
});
