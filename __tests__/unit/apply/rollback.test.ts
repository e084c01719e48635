import { describe, expect, it } from '@jest/globals';
import type { Desired } from '../../../src/config/desired.js';
import { CancelledError, TimeoutError } from '../../../src/google/errors.js';
import type { AgentGatewayConfig } from '../../../src/google/types.js';
import type { EngineResult } from '../../../src/apply/result.js';
import { run, stage, type Stage } from '../../support/apply.js';
import {
  agent,
  desired,
  egressConfig,
  endpoint,
  engineNamed,
  gateway,
  gatewayNamed,
  ingressConfig,
  iapOf,
} from '../../support/builders.js';
import { apiError, reset } from '../../support/errors.js';
import type { UpdateEnd } from '../../support/google-engines.js';

const name = engineNamed('1');
const OLD = egressConfig('old');
const error: UpdateEnd = { code: 13, message: 'no' };
const want = desired({ gateways: { egress: gateway('egress') }, agents: [agent('1', [])] });
const both: Desired = { ...want, gateways: { egress: gateway('egress'), ingress: gateway('ingress') } };

function engineOn(config: AgentGatewayConfig, ...ends: UpdateEnd[]): Stage {
  const on = stage();
  on.google.engines.add('1', { config });
  on.google.engines.ends.set(name, ends);
  return on;
}

async function rolled(on: Stage, config = want, rollback = true): Promise<EngineResult> {
  const { result } = await run(on, config, 0, { rollback });
  const engine = result.engines.get(name);
  if (!engine) throw new Error('no result');
  return engine;
}

const writes = (on: Stage): unknown[] => on.google.bodiesOf('aiplatform.patchGatewayConfig');
const textOf = ({ failure }: EngineResult): string => failure?.message ?? '';

describe('an engine that came out null', () => {
  it('gets its previous binding back, and still counts as failed, for the first reason', async () => {
    const on = engineOn({ ...OLD, ...ingressConfig('front') }, 'null');
    const result = await rolled(on);
    expect(on.google.engines.configOf('1')).toEqual({ ...OLD, ...ingressConfig('front') });
    expect(result).toMatchObject({
      status: 'failed',
      rollback: 'restored',
      egress: gatewayNamed('old'),
      ingress: gatewayNamed('front'),
      failure: { reason: 'not-bound' },
    });
    expect(textOf(result)).toMatch(/is null\.\nRolled back to egress .*\/old, ingress .*\/front\.$/);
    expect(on.log.lines().join('\n')).toContain(`agent 1: rolled back to egress ${gatewayNamed('old')}`);
  });

  it('stays null without rollback', async () => {
    const on = engineOn(OLD, 'null');
    const result = await rolled(on, want, false);
    expect(on.google.engines.configOf('1')).toEqual({});
    expect(result).not.toHaveProperty('rollback');
    expect(writes(on)).toHaveLength(1);
  });

  it('that was bound to nothing has nothing to get back', async () => {
    const on = engineOn({}, 'null');
    expect(await rolled(on)).toMatchObject({ status: 'failed', rollback: 'kept', egress: null });
    expect(writes(on)).toHaveLength(1);
  });

  it('gets back what was read right before the write, not what the plan saw', async () => {
    const on = engineOn(OLD, 'null');
    // Somebody binds ingress between the plan and the write: the first update is refused for its etag.
    on.google.script('aiplatform.patchGatewayConfig', () =>
      on.google.engines.setConfig('1', { ...OLD, ...ingressConfig('theirs') }),
    );
    const result = await rolled(on);
    expect(result.rollback).toBe('restored');
    expect(on.google.engines.configOf('1')).toEqual({ ...OLD, ...ingressConfig('theirs') });
  });

  it('gets back what it had before an update whose answer was lost, not what that has made of it', async () => {
    const on = engineOn(OLD, 'null', 'null');
    on.google.script('aiplatform.patchGatewayConfig', { after: reset() });
    expect((await rolled(on)).rollback).toBe('restored');
    expect(writes(on)).toHaveLength(3);
    expect(on.google.engines.configOf('1')).toEqual(OLD);
  });

  it('after an answer that was lost costs no direction that is not declared: the next update brings it back', async () => {
    const on = engineOn({ ...OLD, ...ingressConfig('front') }, 'null');
    on.google.script('aiplatform.patchGatewayConfig', { after: reset() });
    expect(await rolled(on, want, false)).toMatchObject({ status: 'changed', ingress: gatewayNamed('front') });
    expect(on.google.engines.configOf('1')).toEqual({ ...egressConfig('egress'), ...ingressConfig('front') });
    expect(writes(on)).toHaveLength(2);
  });

  it('keeps a direction that is not declared and that somebody binds before the roll-back', async () => {
    const on = engineOn(OLD, 'null');
    on.google.script('aiplatform.patchGatewayConfig', 'pass', () =>
      on.google.engines.setConfig('1', ingressConfig('theirs')),
    );
    expect((await rolled(on)).rollback).toBe('restored');
    expect(on.google.engines.configOf('1')).toEqual({ ...OLD, ...ingressConfig('theirs') });
  });

  it('loses a direction that the same update has added', async () => {
    const on = engineOn(OLD, 'null');
    expect((await rolled(on, both)).rollback).toBe('restored');
    expect(on.google.engines.configOf('1')).toEqual(OLD);
  });
});

describe('an update that ended in an error', () => {
  it('and left the engine as it was needs no second one', async () => {
    const on = engineOn(OLD, error);
    const result = await rolled(on);
    expect(writes(on)).toHaveLength(1);
    expect(result).toMatchObject({ status: 'failed', rollback: 'kept', failure: { reason: 'bind-failed' } });
    expect(textOf(result)).toMatch(/\nStill as before: egress .*\/old, ingress not bound\.$/);
  });

  it('and took the binding away is undone', async () => {
    const on = engineOn(OLD, error);
    const { clock, google } = on;
    void clock.sleep(10_000).then(() => google.engines.setConfig('1', {}));
    expect((await rolled(on)).rollback).toBe('restored');
    expect(google.engines.configOf('1')).toEqual(OLD);
  });

  it('and took a direction away that is not declared is undone, even when the first look at it fails', async () => {
    const before = { ...OLD, ...ingressConfig('front') };
    const on = engineOn(before, error);
    const { clock, google } = on;
    void clock.sleep(10_000).then(() => {
      google.engines.setConfig('1', {});
      google.script('aiplatform.getEngine', reset());
    });
    expect((await rolled(on)).rollback).toBe('restored');
    expect(google.engines.configOf('1')).toEqual(before);
  });
});

describe('a roll-back that fails too', () => {
  it('is told with what the engine is bound to now; the first reason stays', async () => {
    const on = engineOn(OLD, 'null', error);
    const result = await rolled(on);
    expect(result).toMatchObject({ status: 'failed', rollback: 'failed', egress: null });
    expect(result.failure?.reason).toBe('not-bound');
    expect(textOf(result)).toMatch(
      /\nThe roll-back of engine "agent 1" .* failed: .*ended in an error.* It is now bound to no gateway\.$/,
    );
    expect(on.log.lines().join('\n')).toContain('agent 1: the roll-back FAILED');
  });

  it('and cannot even be looked at says so', async () => {
    const on = engineOn(OLD, 'null', error);
    void on.clock.sleep(250_000).then(() => on.google.script('aiplatform.getEngine', ...Array<Error>(9).fill(reset())));
    const result = await rolled(on);
    expect(result).toMatchObject({ rollback: 'failed', egress: null });
    expect(textOf(result)).toContain('What it is bound to now could not be read.');
  });
});

describe('nothing is rolled back', () => {
  it('after a refusal, which leaves the engine as it is', async () => {
    const on = engineOn(OLD);
    on.google.script('aiplatform.patchGatewayConfig', apiError(403, 'PERMISSION_DENIED'));
    const result = await rolled(on);
    expect(writes(on)).toHaveLength(1);
    expect(result).not.toHaveProperty('rollback');
    expect(result).toMatchObject({ status: 'failed', egress: gatewayNamed('old') });
  });

  it('when it is not known how the update ended', async () => {
    const on = engineOn(OLD);
    on.google.script('aiplatform.getOperation', ...Array<Error>(30).fill(reset()));
    const result = await rolled(on);
    expect(result).toMatchObject({ status: 'failed', rollback: 'not-begun' });
    expect(textOf(result)).toContain('Not rolled back: it is not known how the update ended.');
  });

  it.each([
    ['cancelled', new CancelledError()],
    ['timeout', new TimeoutError('over')],
  ])('once the run is over: %s', async (reason, ending) => {
    const on = engineOn(OLD);
    const running = rolled(on);
    await on.clock.sleep(30_000);
    on.stop(ending);
    const result = await running;
    expect(writes(on)).toHaveLength(1);
    expect(result).toMatchObject({ status: 'pending', rollback: 'not-begun', failure: { reason } });
    expect(textOf(result)).toMatch(/still running: .*\nNot rolled back: nothing new is begun once a run is over\.$/);
  });
});

it('grants and services stay', async () => {
  const on = engineOn({}, 'null');
  const config = { ...want, endpoints: [endpoint('stripe', ['api.stripe.com'])], agents: [agent('1', ['stripe'])] };
  await rolled(on, config);
  expect(on.google.registry.get('stripe')?.interfaces).toHaveLength(1);
  expect(on.google.policies.get(iapOf('stripe'))?.bindings?.[0]?.members).toHaveLength(1);
});

it('an engine that goes straight from one gateway to another and is refused is told of move: true', async () => {
  const { failure } = await rolled(engineOn(OLD, error), want, false);
  expect(failure?.next.at(-1)).toContain('move: true');
});
