import { describe, expect, it } from '@jest/globals';
import type { SettingsInput } from '../../emulator/index.js';
import { CONFIG, EGRESS, enginesOf, INGRESS, SCOPE, SUPPORT, useStages, world, type Stage } from './support/stage.js';

const HOUR = 3_600_000;
const set = useStages();

/** Apply gets there, and afterwards there is nothing to do. */
async function expectSettled(stage: Stage, inputs: Record<string, string> = {}): Promise<void> {
  expect(await stage.run('apply', inputs)).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
  expect(await stage.run('verify', inputs)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
}

describe("where nobody knows what Google's APIs do, either way is fine", () => {
  it.each<[what: string, settings: SettingsInput]>([
    [
      'project numbers in every name',
      {
        aiplatform: { bindingNames: 'number' },
        projectNumberInNames: { services: true, networkservices: true, networksecurity: true },
      },
    ],
    [
      'project IDs in every name',
      { aiplatform: { bindingNames: 'id' }, projectNumberInNames: { aiplatform: false, registryResource: false } },
    ],
    [
      'operations that vanish when they are done, etags that nobody checks, lists that are complete',
      {
        operations: { finished: 'vanish' },
        aiplatform: { etag: 'ignored', listOmitsDeploymentSpec: false },
        registry: { duplicateUrl: 'accepted' },
      },
    ],
  ])('%s', async (_what, settings) => {
    const stage = await set({ world: world(), config: CONFIG, settings });
    await expectSettled(stage);
    const { principal } = stage.emulator.world.engine(SUPPORT);
    expect(stage.decide(principal, 'tickets.example.com')).toMatchObject({ allowed: true, enforced: true });
  });

  it.each(['absent', 'empty-object'] as const)('an unbound config that reads as %s', async (emptyBinding) => {
    const stage = await set({
      world: world({ engines: [{ id: SUPPORT, displayName: 'Support agent', egress: 'egress' }] }),
      settings: { aiplatform: { emptyBinding } },
    });
    await expectSettled(stage, { ...SCOPE, engines: 'all', egress_gateway: 'none' });
  });
});

describe('an engine that somebody else changes while apply runs', () => {
  const ENGINE = { ...SCOPE, engines: 'Support agent', egress_gateway: 'egress' };

  /** Does something once, right after the answer to a request with this end. */
  function after(stage: Stage, method: string, end: string, act: () => void): void {
    let open = true;
    stage.emulator.interceptors.push({
      after: (entry, response) => {
        if (open && entry.method === method && entry.path.endsWith(end)) {
          open = false;
          act();
        }
        return response;
      },
    });
  }

  it('keeps the direction that was bound after the plan', async () => {
    const stage = await set({ world: world() });
    const { world: live } = stage.emulator;
    after(stage, 'GET', '/operations', () => live.bind(SUPPORT, { ingress: 'ingress' }));
    expect(await stage.run('apply', ENGINE)).toMatchObject({ exitCode: 0 });
    expect(live.engine(SUPPORT).binding).toEqual({ egress: EGRESS, ingress: INGRESS });
  });

  it.each(['ABORTED', 'FAILED_PRECONDITION'] as const)(
    'is read anew when its etag is stale (%s), and keeps what was bound in between',
    async (etagMismatch) => {
      const stage = await set({ world: world(), settings: { aiplatform: { etagMismatch } } });
      const { world: live } = stage.emulator;
      after(stage, 'GET', '/operations', () =>
        after(stage, 'GET', `/reasoningEngines/${SUPPORT}`, () => live.bind(SUPPORT, { ingress: 'ingress' })),
      );
      const result = await stage.run('apply', ENGINE);
      expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
      expect(stage.requests('PATCH', SUPPORT).map(({ status }) => Math.floor(status / 100))).toEqual([4, 2]);
      expect(live.engine(SUPPORT).binding).toEqual({ egress: EGRESS, ingress: INGRESS });
    },
  );

  it('is bound after the update that runs already, not instead of it', async () => {
    const stage = await set({
      world: world({ engines: [{ id: SUPPORT, displayName: 'Support agent', running: { forMs: HOUR } }] }),
    });
    // It ends when the run has seen it for the second time, after the plan, however busy this machine is.
    let looks = 0;
    stage.emulator.interceptors.push({
      after: ({ path }, response) => {
        if (path.endsWith('/operations') && (looks += 1) === 2) stage.emulator.world.advance(HOUR);
        return response;
      },
    });
    const result = await stage.run('apply', ENGINE);
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(result.log).toContain('an update is already running');
    expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'changed', egress: EGRESS });
    expect(stage.requests('PATCH', SUPPORT).map(({ status }) => status)).toEqual([200]);
  });
});
