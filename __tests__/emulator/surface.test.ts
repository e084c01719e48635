import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../emulator/cli.js';
import { baseWorld, EGRESS, ENGINE_A, ENGINES, withEmulator, type Json } from './helpers.js';

describe('startEmulator', () => {
  it("hands out gcloud's endpoint overrides", async () => {
    await withEmulator(baseWorld(), async ({ url, env }) => {
      expect(env).toMatchObject({
        CLOUDSDK_API_ENDPOINT_OVERRIDES_IAP: `${url}/iap/`,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM: `${url}/aiplatform/`,
        CLOUDSDK_API_ENDPOINT_OVERRIDES_ORGPOLICY: `${url}/orgpolicy/`,
      });
      expect(Object.keys(env)).toHaveLength(9);
      await Promise.resolve();
    });
  });

  it('makes the same ids again for the same world and calls', async () => {
    const ids: string[] = [];
    for (let run = 0; run < 2; run += 1) {
      await withEmulator(
        baseWorld({ services: [{ id: 'one-a', urls: ['https://a.example.com'] }] }),
        async (emulator) => {
          ids.push(emulator.world.service('one-a').resourceId);
          await Promise.resolve();
        },
      );
    }
    expect(ids[0]).toBe(ids[1]);
  });
});

describe('the admin surface', () => {
  it('shows log, world and decisions and is not logged itself', async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      await call('GET', ENGINES);
      expect((await call('GET', '_emulator/requests')).body.requests).toMatchObject([
        { n: 1, path: ENGINES.slice('aiplatform'.length) },
      ]);
      expect((await call('GET', '_emulator/world')).body.engines).toHaveLength(2);
      const principal = encodeURIComponent(emulator.world.engine(ENGINE_A).principal);
      const { body } = await call('GET', `_emulator/decide?principal=${principal}&host=a.example.com`);
      expect(body).toMatchObject({ allowed: true, reason: 'not-bound' });
      await call('POST', '_emulator/reset-log');
      expect(emulator.requests).toEqual([]);
    });
  });

  it("binds, clears, grants, re-creates and switches behind everybody's back", async () => {
    await withEmulator(baseWorld(), async (emulator, call) => {
      const path = `_emulator/engines/${ENGINE_A}`;
      expect((await call('POST', `${path}/binding`, { egress: 'egress' })).body).toMatchObject({
        binding: { egress: EGRESS },
      });
      await call('POST', `${path}/binding`, null);
      expect(emulator.world.engine(ENGINE_A).binding.egress).toBeUndefined();
      const bindings = [{ members: [`engine:${ENGINE_A}`] }];
      const granted = await call('POST', '_emulator/policies', { on: 'registry', bindings });
      expect(granted.body.bindings).toHaveLength(1);
      expect((await call('POST', `${path}/recreate`)).body.id).not.toBe(ENGINE_A);
      const changed = await call('POST', '_emulator/settings', { engineUpdate: { outcome: { code: 13 } } });
      expect((changed.body.engineUpdate as Json).outcome).toMatchObject({
        code: 13,
        message: expect.stringContaining('troubleshooting'),
      });
      expect(await call('POST', '_emulator/settings', { speed: 1 })).toMatchObject({ status: 400 });
      expect(emulator.world.settings.pageSize.max).toBe(100);
    });
  });
});

describe('the command line', () => {
  const run = async (...args: string[]): Promise<string> => {
    let text = '';
    const emulator = await runCli(args, { out: (part) => (text += part), err: () => undefined });
    await emulator?.close();
    return text;
  };

  it('prints what to paste, or one line of JSON', async () => {
    expect(await run()).toMatch(/export CLOUDSDK_API_ENDPOINT_OVERRIDES_IAP=http:\/\/127\.0\.0\.1:\d+\/iap\//);
    const ready = JSON.parse(await run('--json')) as Json;
    expect(ready).toMatchObject({ url: expect.stringMatching(/^http:/), env: {} });
    expect(await run('--help')).toContain('--world FILE');
  });

  it('reads a world and says what is wrong with it, or with an option', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'emulator-'));
    const file = join(folder, 'world.yaml');
    await writeFile(file, 'projects: []\nregoin: us');
    await expect(run('--world', file)).rejects.toThrow(`${file}:2:`);
    await expect(run('--port', 'x')).rejects.toThrow('--port wants a number');
    await expect(run('--wordl', file)).rejects.toThrow('--wordl');
    await rm(folder, { recursive: true });
  });
});
