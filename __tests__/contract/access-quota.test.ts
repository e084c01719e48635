import { describe, expect, it } from '@jest/globals';
import { ACCESS_CONFIG, accessWorld, allowedPairs, DECLARED } from './support/access.js';
import { useStages } from './support/stage.js';

const set = useStages();
const QUOTA = { iam: { operations: 'done', quota: { enabled: true } } } as const;

/** These wait for a minute to be over, as a run does whose quota others have used up. */
describe('the quota of five reads and five writes a minute', () => {
  it('used up by others: the run waits for the next minute, and ends well', async () => {
    const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG, settings: QUOTA });
    for (let plans = 0; plans < 2; plans += 1) await stage.run('plan');
    const result = await stage.run('apply');
    expect(result).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(stage.emulator.requests.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
    expect(allowedPairs(stage)).toEqual(DECLARED);
  }, 180_000);

  it('a run whose time is over before that says that a quota is used up', async () => {
    const stage = await set({ world: accessWorld(), config: ACCESS_CONFIG, settings: QUOTA });
    stage.emulator.faults.add([{ kind: 'status', status: 429, match: { api: 'iam', method: 'POST' }, when: 'every' }]);
    const result = await stage.run('apply', { timeout: '1' });
    expect(result).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'grant-failed' } });
    expect(result.log).toContain('A quota is used up');
    stage.emulator.faults.clear();
    expect(await stage.run('apply')).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(allowedPairs(stage)).toEqual(DECLARED);
  }, 180_000);
});
