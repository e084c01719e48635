import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { configOf, SIZES, worldOf } from '../../bench/sizes.js';
import { ROOT } from './support/metadata.js';
import { newFolder } from './support/runner.js';
import { useStages, type Stage } from './support/stage.js';

const set = useStages();

/** @returns megabytes that a run took at its peak, which had to end well */
async function peakOf(stage: Stage, folder: string): Promise<number> {
  const file = path.join(newFolder('memory'), 'peak');
  const env = {
    BIND_AGENT_GATEWAY_ENGINE_WRITES_PER_MINUTE: '1000',
    NODE_OPTIONS: `--import=${pathToFileURL(path.join(ROOT, 'bench/memory.js')).href}`,
    BENCH_MEMORY: file,
  };
  expect(await stage.run(folder, {}, { env })).toMatchObject({ exitCode: 0 });
  return Number(readFileSync(file, 'utf8')) / 1024;
}

describe('the largest fleet that the quotas allow', () => {
  it('100 engines x 100 endpoints x 1,500 members fit in 256 MB', async () => {
    const full = SIZES.find(({ others }) => others !== undefined);
    if (full === undefined) throw new Error('The bench measures no such fleet any more.');
    expect(full).toMatchObject({ engines: 100, endpoints: 100, others: 1_400 });
    const stage = await set({ world: worldOf(full), config: configOf(full) });
    for (const folder of ['plan', 'apply', 'verify']) expect(await peakOf(stage, folder)).toBeLessThan(256);
    const { bindings } = stage.emulator.world.policy('service:service-99');
    expect(bindings).toMatchObject([{ members: { length: 1_500 } }]);
  });
});
