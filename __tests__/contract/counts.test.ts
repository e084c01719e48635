import { describe, expect, it } from '@jest/globals';
import { expectedApply, expectedReads } from '../../bench/report.js';
import { configOf, SIZES, worldOf } from '../../bench/sizes.js';
import type { RequestLogEntry } from '../../emulator/index.js';
import { useStages } from './support/stage.js';

const set = useStages();
const withoutPolls = (requests: readonly RequestLogEntry[]): number =>
  requests.filter(({ path }) => !/\/operations\/[^/]+$/.test(path)).length;

describe('the number of requests', () => {
  it.each(SIZES.slice(0, 2).map((size) => [size.name, size] as const))(
    '%s: grows with what is there and what changes, not with engines times endpoints',
    async (_name, size) => {
      const env = { BIND_AGENT_GATEWAY_ENGINE_WRITES_PER_MINUTE: '1000' };
      const stage = await set({ world: worldOf(size), config: configOf(size) });
      const { requests } = stage.emulator;
      const counted = async (folder: string): Promise<number> => {
        const before = requests.length;
        expect(await stage.run(folder, {}, { env })).toMatchObject({ exitCode: 0 });
        return withoutPolls(requests.slice(before));
      };
      expect(await counted('apply')).toBe(expectedApply(size));
      expect(await counted('plan')).toBe(expectedReads(size, true));
      expect(await counted('verify')).toBe(expectedReads(size, true));
      expect(await counted('apply')).toBe(expectedReads(size, true));
    },
  );
});
