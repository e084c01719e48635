import { describe, expect, it } from '@jest/globals';
import { declaredWorld } from './support/declared.js';
import { CONFIG, enginesOf, useStages, world } from './support/stage.js';

const set = useStages();

const declared = declaredWorld(CONFIG);

// What it finds and how it says so: drift.test.ts.
it('verify tells a bound engine from a governed one when the gateway decides by access policies without rules', async () => {
  const stage = await set({ world: declared, config: CONFIG });
  stage.emulator.world.setPolicyVersion('iap-authz', 'V2');
  const result = await stage.run('verify');
  expect(enginesOf(result)['Support agent']).toMatchObject({ status: 'bound', governance: 'not-enforced' });
});

describe('plan with fail_on_changes', () => {
  it('fails when there are changes', async () => {
    const stage = await set({ world: world(), config: CONFIG });
    const result = await stage.run('plan', { fail_on_changes: 'true' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { changes: 'true', failure_reason: 'changes-found' } });
    expect(result.outputs.plan_file).not.toBe('');
    expect(stage.writes()).toEqual([]);
  });

  it('passes when there are none', async () => {
    const stage = await set({ world: declared, config: CONFIG });
    expect(await stage.run('plan', { fail_on_changes: 'true' })).toMatchObject({
      exitCode: 0,
      outputs: { changes: 'false', failure_reason: '' },
    });
  });
});
