import { describe, expect, it } from '@jest/globals';
import { bind, isAsPlanned, mergedConfig } from '../../../src/apply/bind.js';
import { NotBound, StillRunning } from '../../../src/apply/errors.js';
import { createLimiter, type Limiter } from '../../../src/limiter.js';
import { CancelledError, OperationError, TimeoutError } from '../../../src/google/errors.js';
import type { AgentGatewayConfig } from '../../../src/google/types.js';
import type { BindingChange, DirectionChange } from '../../../src/plan/types.js';
import { clientsOf, stage, type Stage } from '../../support/apply.js';
import { egressConfig, engineNamed, gatewayNamed, ingressConfig, PROJECT } from '../../support/builders.js';
import { aborted, apiError, reset, thrownBy } from '../../support/errors.js';

const name = engineNamed('1');
const egress = gatewayNamed('egress');
const undeclared: DirectionChange = { from: null, to: null, declared: false };
const change: BindingChange = {
  layer: 'binding',
  action: 'create',
  engine: name,
  displayName: 'Support agent',
  egress: { from: null, to: egress, declared: true },
  ingress: undeclared,
};
const bound = egressConfig('egress');

function withEngine(config?: AgentGatewayConfig, options: Parameters<typeof stage>[0] = {}): Stage {
  const on = stage(options);
  on.google.engines.add('1', config ? { config } : {});
  return on;
}

function run(on: Stage, what = change, limiter: Limiter = createLimiter(10, 60_000, on.clock)) {
  return bind(what, { projects: [PROJECT], limiter }, on.deps);
}

const patches = (on: Stage): unknown[] => on.google.bodiesOf('aiplatform.patchGatewayConfig');

describe('bind', () => {
  it('writes once, waits for the end and returns what was read then', async () => {
    const on = withEngine(undefined, { updateMs: 311_000 });
    const start = on.clock.now();
    expect(await run(on)).toEqual(bound);
    expect(patches(on)).toEqual([bound]);
    expect(on.clock.now() - start).toBeGreaterThanOrEqual(311_000);
    expect(on.google.calls.at(-1)?.method).toBe('aiplatform.getEngine');
  });

  it('keeps the direction that is not declared, as it is now and not as it was planned', async () => {
    const on = withEngine(ingressConfig('of-today'));
    const planned = { ...change, ingress: { from: gatewayNamed('old'), to: gatewayNamed('old'), declared: false } };
    expect(await run(on, planned)).toEqual({ ...bound, ...ingressConfig('of-today') });
  });

  it('unbinds one direction and leaves the other', async () => {
    const on = withEngine({ ...bound, ...ingressConfig('ingress') });
    await run(on, { ...change, action: 'update', egress: { from: egress, to: null, declared: true } });
    expect(patches(on)).toEqual([ingressConfig('ingress')]);
  });

  it('unbinds everything with an empty config', async () => {
    const on = withEngine(bound);
    expect(await run(on, { ...change, action: 'remove', egress: { from: egress, to: null, declared: true } })).toEqual(
      {},
    );
    expect(patches(on)).toEqual([{}]);
  });

  it.each([PROJECT.id, PROJECT.number])(
    'writes nothing where somebody else was faster (project %s)',
    async (project) => {
      const on = withEngine(egressConfig('egress', project));
      await run(on);
      expect(patches(on)).toEqual([]);
    },
  );
});

describe('an update that runs already', () => {
  it('is waited for and, being ours, not doubled', async () => {
    const on = withEngine();
    on.google.engines.startUpdate('1', bound);
    expect(await run(on)).toEqual(bound);
    expect(patches(on)).toEqual([]);
  });

  it("is waited for, and its direction kept, when it is somebody else's", async () => {
    const on = withEngine();
    on.google.engines.startUpdate('1', ingressConfig('theirs'));
    expect(await run(on)).toEqual({ ...bound, ...ingressConfig('theirs') });
    expect(patches(on)).toHaveLength(1);
  });

  it('that fails is not what this run is judged by', async () => {
    const on = withEngine();
    on.google.engines.startUpdate('1', {}, { code: 13, message: 'theirs failed' });
    expect(await run(on)).toEqual(bound);
  });

  it('and begins just before our write is waited for, then ours is made', async () => {
    const on = withEngine();
    on.google.script('aiplatform.patchGatewayConfig', () => {
      on.google.engines.startUpdate('1', ingressConfig('theirs'));
    });
    expect(await run(on)).toEqual({ ...bound, ...ingressConfig('theirs') });
    expect(patches(on)).toHaveLength(2);
  });
});

describe('an identity that may not list operations', () => {
  it.each([403, 404])('goes on without (%i)', async (status) => {
    const on = withEngine();
    on.google.script('aiplatform.runningUpdate', ...Array<Error>(9).fill(apiError(status, 'PERMISSION_DENIED')));
    expect(await run(on)).toEqual(bound);
  });
});

describe('what changes under the hands', () => {
  it('a stale etag: the engine is read again and nothing is lost', async () => {
    const on = withEngine();
    on.google.script('aiplatform.patchGatewayConfig', () => on.google.engines.setConfig('1', ingressConfig('new')));
    expect(await run(on)).toEqual({ ...bound, ...ingressConfig('new') });
    expect(patches(on)).toEqual([bound, { ...bound, ...ingressConfig('new') }]);
  });

  it('a direction that is bound while this run waits for its turn to write is not erased, etag or not', async () => {
    const on = withEngine();
    on.google.engines.etags = false;
    const limiter = createLimiter(1, 60_000, on.clock);
    await limiter.acquire(on.deps.signal);
    const binding = run(on, change, limiter);
    await on.clock.sleep(30_000);
    on.google.engines.setConfig('1', ingressConfig('new'));
    expect(await binding).toEqual({ ...bound, ...ingressConfig('new') });
  });

  it('a conflict that never ends is told', async () => {
    const on = withEngine();
    const conflict = aborted();
    on.google.script('aiplatform.patchGatewayConfig', ...Array<Error>(20).fill(conflict));
    expect(await thrownBy(() => run(on))).toBe(conflict);
    expect(patches(on)).toHaveLength(5);
  });
});

describe('a connection that breaks', () => {
  it('after the write was accepted does not double it', async () => {
    const on = withEngine();
    on.google.script('aiplatform.patchGatewayConfig', { after: reset() });
    expect(await run(on)).toEqual(bound);
    expect(patches(on)).toHaveLength(1);
  });

  it('before the write was carried out writes again', async () => {
    const on = withEngine();
    on.google.script('aiplatform.patchGatewayConfig', reset());
    expect(await run(on)).toEqual(bound);
    expect(patches(on)).toHaveLength(2);
  });

  it('while the operation is polled goes on with the same operation', async () => {
    const on = withEngine();
    on.google.script('aiplatform.getOperation', 'pass', reset());
    expect(await run(on)).toEqual(bound);
    expect(patches(on)).toHaveLength(1);
  });

  it('an internal error after the write was accepted neither', async () => {
    const on = withEngine();
    on.google.script('aiplatform.patchGatewayConfig', { after: apiError(500, 'INTERNAL') });
    expect(await run(on)).toEqual(bound);
    expect(patches(on)).toHaveLength(1);
  });
});

describe('a refusal', () => {
  const precondition = (reason?: string) =>
    apiError(400, 'FAILED_PRECONDITION', reason === undefined ? {} : { reason });

  it('without an update that runs ends it, after one more look', async () => {
    const on = withEngine();
    on.google.script('aiplatform.patchGatewayConfig', ...Array<Error>(20).fill(precondition()));
    expect(await thrownBy(() => run(on))).toMatchObject({ rpcStatus: 'FAILED_PRECONDITION' });
    expect(patches(on)).toHaveLength(2);
  });

  it.each([
    ['a precondition with a reason of its own', precondition('EARLY_ACCESS_REQUIRED')],
    ['a wrong argument', apiError(400, 'INVALID_ARGUMENT')],
    ['a missing permission', apiError(403, 'PERMISSION_DENIED')],
    ['an engine that is gone', apiError(404, 'NOT_FOUND')],
  ])('%s ends it at once', async (_what, refusal) => {
    const on = withEngine();
    on.google.script('aiplatform.patchGatewayConfig', ...Array<Error>(5).fill(refusal));
    expect(await thrownBy(() => run(on))).toBe(refusal);
    expect(patches(on)).toHaveLength(1);
  });
});

describe('an update that does not bind', () => {
  it('because its operation ends in an error: that is told, once', async () => {
    const on = withEngine();
    on.google.engines.ends.set(name, [{ code: 13, message: 'Please refer to our troubleshooting pages' }]);
    const thrown = await thrownBy(() => run(on));
    expect(thrown).toBeInstanceOf(OperationError);
    expect(patches(on)).toHaveLength(1);
  });

  it('although it ended well: null is told after some more looks', async () => {
    const on = withEngine();
    on.google.engines.ends.set(name, ['null']);
    const thrown = await thrownBy(() => run(on));
    expect(thrown).toBeInstanceOf(NotBound);
    expect((thrown as NotBound).message).toBe(`agentGatewayConfig of ${name} is null`);
    expect(patches(on)).toHaveLength(1);
  });

  it('at once, but a moment later: that is as good', async () => {
    const on = withEngine(undefined, { updateMs: 1_000 });
    const { aiplatform } = on.google;
    let looks = 0;
    const getEngine: typeof aiplatform.getEngine = async (engine) => {
      const found = await aiplatform.getEngine(engine);
      const isOld = (looks += 1) <= 3;
      return isOld ? { ...found, spec: {} } : found;
    };
    const deps = { ...on.deps, google: clientsOf(on, { aiplatform: { ...aiplatform, getEngine } }) };
    const limiter = createLimiter(10, 60_000, on.clock);
    expect(await bind(change, { projects: [PROJECT], limiter }, deps)).toEqual(bound);
  });
});

describe('the end of the run', () => {
  it.each([
    ['timeout', new TimeoutError('over')],
    ['cancelled', new CancelledError()],
  ])('while an update runs names its operation: %s', async (_how, reason) => {
    const on = withEngine();
    const binding = thrownBy(() => run(on));
    await on.clock.sleep(60_000);
    on.stop(reason);
    const thrown = await binding;
    expect(thrown).toBeInstanceOf(StillRunning);
    expect(thrown).toMatchObject({ operation: `${name}/operations/1`, cause: reason });
  });

  it('while it waits for its turn writes nothing', async () => {
    const on = withEngine();
    const limiter = createLimiter(1, 60_000, on.clock);
    await limiter.acquire(on.deps.signal);
    const reason = new CancelledError();
    const binding = thrownBy(() => run(on, change, limiter));
    await on.clock.sleep(1_000);
    on.stop(reason);
    expect(await binding).toBe(reason);
    expect(patches(on)).toEqual([]);
  });
});

describe('mergedConfig', () => {
  const to = (gateway: string | null): DirectionChange => ({ from: null, to: gateway, declared: true });
  it.each<[string, AgentGatewayConfig, DirectionChange, DirectionChange, AgentGatewayConfig]>([
    ['both declared', ingressConfig('old'), to(egress), to(null), bound],
    [
      'egress declared',
      { ...egressConfig('old'), ...ingressConfig('i') },
      to(egress),
      undeclared,
      { ...bound, ...ingressConfig('i') },
    ],
    [
      'ingress declared',
      egressConfig('e'),
      undeclared,
      to(gatewayNamed('i')),
      { ...egressConfig('e'), ...ingressConfig('i') },
    ],
    ['nothing declared', bound, undeclared, undeclared, bound],
    ['everything unbound', bound, to(null), to(null), {}],
  ])('%s', (_what, current, egressTo, ingressTo, expected) => {
    expect(mergedConfig(current, { ...change, egress: egressTo, ingress: ingressTo })).toEqual(expected);
  });
});

describe('isAsPlanned', () => {
  it.each<[string, AgentGatewayConfig, boolean]>([
    ['as declared', bound, true],
    ['with the number of the project', egressConfig('egress', PROJECT.number), true],
    ['and something in the other direction', { ...bound, ...ingressConfig('x') }, true],
    ['another gateway', egressConfig('other'), false],
    ['nothing', {}, false],
  ])('%s', (_what, config, expected) => {
    expect(isAsPlanned(config, change, [PROJECT])).toBe(expected);
  });
});
