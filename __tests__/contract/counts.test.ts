import { describe, expect, it } from '@jest/globals';
import { expectedApply, expectedReads, mostPolls } from '../../bench/expected.js';
import { configOf, SIZES, worldOf } from '../../bench/sizes.js';
import type { Emulator } from '../../emulator/index.js';
import { useStages, type Stage } from './support/stage.js';

const set = useStages();
const OPERATIONS = { engineUpdateMs: 1_500, serviceMs: 400 };
const isPoll = ({ path }: { readonly path: string }): boolean => /\/operations\/[^/]+$/.test(path);

type Size = (typeof SIZES)[number];
const SMALL = SIZES.filter(({ engines }) => engines <= 20).map((size) => [size.name, size] as const);
const FLEET: Size = { name: '20 engines x 12 endpoints', engines: 20, endpoints: 12 };

/** Runs an action that has to end well. @returns how many requests it took, and how many looks at operations beside these */
async function counted(stage: Stage, folder: string): Promise<{ requests: number; polls: number }> {
  const { requests } = stage.emulator;
  const before = requests.length;
  const env = { BIND_AGENT_GATEWAY_ENGINE_WRITES_PER_MINUTE: '1000' };
  expect(await stage.run(folder, {}, { env })).toMatchObject({ exitCode: 0 });
  const polls = requests.slice(before).filter(isPoll).length;
  return { requests: requests.length - before - polls, polls };
}

const stageOf = (size: Size): Promise<Stage> =>
  set({ world: worldOf(size), config: configOf(size), settings: { operations: OPERATIONS } });

describe('the number of requests', () => {
  it.each(SMALL)(
    '%s: grows with what is there and what changes, not with engines times endpoints',
    async (_name, size) => {
      const stage = await stageOf(size);
      const first = await counted(stage, 'apply');
      expect(first.requests).toBe(expectedApply(size));
      expect(first.polls).toBeLessThanOrEqual(mostPolls(size, OPERATIONS));
      const reads = { requests: expectedReads(size, true), polls: 0 };
      for (const folder of ['plan', 'verify', 'apply']) expect(await counted(stage, folder)).toEqual(reads);
    },
  );

  it('one endpoint more for a fleet: the reads, and what this endpoint takes', async () => {
    const stage = await stageOf(FLEET);
    await counted(stage, 'apply');
    const more = { ...FLEET, endpoints: FLEET.endpoints + 1 };
    const { emulator } = stage;
    const before = emulator.requests.length;
    expect(await stage.run('apply', {}, { files: { 'agent-gateway.yaml': configOf(more) } })).toMatchObject({
      exitCode: 0,
    });
    const requests = emulator.requests.slice(before).filter((entry) => !isPoll(entry)).length;
    // Besides the reads: the permissions; create, read back, read and write its policy.
    expect(requests).toBe(expectedReads(FLEET, true) + 1 + 4);
  });
});

/** Answers nothing before all requests of a round trip have come: a run that asks for them one after the other would wait for ever. */
function answerInRounds({ interceptors }: Emulator, sizes: readonly number[]): () => number {
  const left = [...sizes];
  let waiting: (() => void)[] = [];
  interceptors.push({
    before: async () => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length < (left[0] ?? 0)) return;
        left.shift();
        const round = waiting;
        waiting = [];
        for (const answer of round) answer();
      });
      return undefined;
    },
  });
  return () => sizes.length - left.length;
}

describe('the longest chain of requests', () => {
  it('a plan without changes for 20 engines x 12 endpoints takes three round trips', async () => {
    const stage = await stageOf(FLEET);
    await counted(stage, 'apply');
    // Project, gateway, engines, services and authorization policies; each engine and the extension; the policies.
    const rounds = answerInRounds(stage.emulator, [5, FLEET.engines + 1, FLEET.endpoints + 1]);
    await counted(stage, 'plan');
    expect(rounds()).toBe(3);
  });
});
