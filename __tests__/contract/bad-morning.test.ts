import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { readFaults } from '../../emulator/faults/schema.js';
import { ROOT } from './support/metadata.js';
import { readScenario, useStages } from './support/stage.js';

const set = useStages();

it('an apply gets through the bad morning that comes with the demo, and a verification finds all as declared', async () => {
  const stage = await set(readScenario('demo'));
  const file = path.join(ROOT, 'emulator/worlds/demo/faults.yaml');
  const faults = readFaults(parse(readFileSync(file, 'utf8')));
  stage.emulator.faults.add(faults);
  expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { changes: 'true', failure_reason: '' } });
  // One in twenty may be none of those that this apply makes.
  const certain = stage.emulator.faults.list().filter(({ fault }) => !JSON.stringify(fault).includes('probability'));
  expect(certain.filter(({ fired }) => fired === 0)).toEqual([]);
  stage.emulator.faults.clear();
  expect(await stage.run('verify')).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
});
