import { describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import type { StepResult } from './support/runner.js';
import {
  annotations,
  BILLING,
  CONFIG,
  EGRESS,
  enginesOf,
  SUPPORT,
  useStages,
  world,
  type Stage,
} from './support/stage.js';

const set = useStages();
/** Longer than any test: only the clock of the emulator ends it. */
const HOUR = 3_600_000;

/** Runs an action and sends it the signal as soon as the emulator has answered a request that `when` picks. */
async function interrupted(
  stage: Stage,
  folder: string,
  inputs: Record<string, string>,
  signal: NodeJS.Signals,
  when: (entry: { method: string; path: string }) => boolean,
): Promise<StepResult> {
  let child: ChildProcess | undefined;
  stage.emulator.interceptors.push({
    after: (entry, response) => {
      if (!when(entry)) return response;
      child?.kill(signal);
      child = undefined;
      return response;
    },
  });
  const result = await stage.run(folder, inputs, { onStart: (started) => (child = started) });
  stage.emulator.interceptors.length = 0;
  return result;
}

const isPatch = ({ method }: { method: string }): boolean => method === 'PATCH';

// The runner sends SIGINT first, SIGTERM some seconds later.
describe.each(['SIGINT', 'SIGTERM'] as const)('a workflow that is cancelled with %s', (signal) => {
  it('ends by itself while an update runs, with outputs and summary, and the next run finishes the job', async () => {
    const stage = await set({ world: world(), config: CONFIG, settings: { operations: { engineUpdateMs: HOUR } } });
    const result = await interrupted(stage, 'apply', {}, signal, isPatch);
    expect(result).toMatchObject({
      exitCode: 1,
      outputs: { changes: 'true', to_bind: '2', failure_reason: 'cancelled' },
    });
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'pending', egress: null });
    expect(annotations(result.log, 'error')[0]).toContain('cancelled');
    expect(result.summary).toContain('cancelled');
    expect(result.summary).toContain('Run again');
    const started = stage.requests('PATCH', /\/reasoningEngines\//).map(({ path }) => path.split('/').at(-1));
    expect(started.length).toBeGreaterThan(0);
    expect(stage.requests('POST', ':cancel')).toEqual([]);

    stage.emulator.world.advance(HOUR);
    for (const id of started) expect(stage.emulator.world.engine(id ?? '').binding).toEqual({ egress: EGRESS });
    stage.emulator.world.set({ operations: { engineUpdateMs: 300 } });
    const next = await stage.run('apply');
    expect(next).toMatchObject({ exitCode: 0, outputs: { to_register: '0', to_grant: '0', failure_reason: '' } });
    expect(await stage.run('verify')).toMatchObject({ exitCode: 0 });
    const all = stage.requests('PATCH', /\/reasoningEngines\//).map(({ path }) => path.split('/').at(-1) ?? '');
    expect([...all].sort()).toEqual([SUPPORT, BILLING].sort());
  });
});

describe('a run that is cancelled', () => {
  it('starts no binding while it waits for grants to take effect', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await interrupted(stage, 'apply', { propagation_wait: '3600' }, 'SIGTERM', ({ path }) =>
      path.endsWith(':setIamPolicy'),
    );
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'cancelled' } });
    expect(stage.requests('PATCH', /\/reasoningEngines\//)).toEqual([]);
    const { principal } = stage.emulator.world.engine(SUPPORT);
    expect(stage.emulator.world.policy('service:ticket-system').bindings[0]?.members).toContain(principal);
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { to_grant: '0', to_bind: '2' } });
  });

  it('writes nothing any more while it still reads the world', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await interrupted(stage, 'apply', {}, 'SIGTERM', ({ path }) => path.endsWith('/services'));
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'cancelled' } });
    expect(result.summary).toContain('cancelled');
    expect(stage.writes()).toEqual([]);
  });

  it('is told from a failed one by plan too', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await interrupted(stage, 'plan', {}, 'SIGINT', ({ path }) => path.endsWith('/services'));
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'cancelled' } });
  });
});
