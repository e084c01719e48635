import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { readScenario, useStages } from './support/stage.js';

const set = useStages();

/** The Node.js that npm runs in, where the tests themselves bring another one along. */
function otherNode(): string | undefined {
  const node = process.env.npm_node_execpath;
  if (node === undefined) return undefined;
  return execFileSync(node, ['--version']).toString().trim() === process.version ? undefined : node;
}

/** Lists in the reverse order, as another server might answer. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map(reversed).reverse();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, reversed(item)]));
}

describe('the same world and config', () => {
  it.each(['demo', 'consolidated-hosts', 'registry-wide'])('%s: give the same plan, byte by byte', async (name) => {
    const { world, config } = readScenario(name);
    const stage = await set({ world, config });
    const first = await stage.run('plan');
    expect(first.outputs.plan_digest).toMatch(/^sha256:[0-9a-f]{64}$/);

    const mirrored = await set({ world, config });
    mirrored.emulator.interceptors.push({
      after: async (_entry, response) => Response.json(reversed(await response.json()), { status: response.status }),
    });
    // Another machine: other folders, another time zone and language, another Node.js.
    const env = { TZ: 'Asia/Kathmandu', LANG: 'de_DE.UTF-8', GITHUB_RUN_ID: '99' };
    const node = otherNode();
    const second = await mirrored.run('plan', {}, { env, ...(node === undefined ? {} : { node }) });
    expect(second.outputs.plan_digest).toBe(first.outputs.plan_digest);
    const [one, other] = [first, second].map(({ outputs }) => readFileSync(outputs.plan_file ?? '', 'utf8'));
    expect(other).toBe(one);
  });
});
