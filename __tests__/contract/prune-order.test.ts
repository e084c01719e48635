import { describe, expect, it } from '@jest/globals';
import type { RequestLogEntry } from '../../emulator/index.js';
import { configOf, FILES, killedAt, members, ONE_ENDPOINT, principal, PRUNE, TICKETS } from './support/day-two.js';
import { declaredWorld } from './support/declared.js';
import { SUPPORT, useStages, type Stage } from './support/stage.js';

const set = useStages();

describe('removals come last', () => {
  const BEFORE = configOf({ 'ticket-system': TICKETS, files: FILES }, { 'Support agent': ['ticket-system', 'files'] });

  const declared = (): Promise<Stage> => set({ world: declaredWorld(BEFORE), config: ONE_ENDPOINT });

  it('and not at all while an engine is not where it should be', async () => {
    const stage = await declared();
    stage.emulator.world.recreateEngine('Support agent');
    stage.emulator.world.set({ engineUpdate: { outcome: { code: 13, message: 'No.' } } });
    const failed = await stage.run('apply', PRUNE);
    expect(failed).toMatchObject({ exitCode: 1, outputs: { failure_reason: 'bind-failed', to_remove: '2' } });
    expect(members(stage)).toHaveLength(2);
    expect(stage.emulator.world.services()).toContain('files');

    stage.emulator.world.set({ engineUpdate: { outcome: 'ok' } });
    const done = await stage.run('apply', PRUNE);
    expect(done).toMatchObject({ exitCode: 0, outputs: { to_grant: '0', to_bind: '1', to_remove: '2' } });
    expect(members(stage)).toEqual([principal(stage, 'Support agent')]);
    expect(stage.emulator.world.services()).toEqual(['ticket-system']);
    const order = stage
      .writes()
      .slice(-3)
      .map(({ method, path }) => `${method} ${path.split('/').at(-1)?.replace(/^.*:/, '') ?? ''}`);
    expect(order).toEqual([expect.stringMatching(/^PATCH \d+$/), 'POST setIamPolicy', 'DELETE files']);
  });

  const isRevocation = ({ path, body }: RequestLogEntry): boolean =>
    path.endsWith(':setIamPolicy') && !JSON.stringify(body).includes(SUPPORT);
  const isDeletion = ({ method }: RequestLogEntry): boolean => method === 'DELETE';

  it.each([
    ['before a member is taken out', 'before', isRevocation],
    ['after a member was taken out', 'after', isRevocation],
    ['before a service is removed', 'before', isDeletion],
    ['while a service is being removed', 'after', isDeletion],
  ] as const)('and a run that is killed %s is finished by the next one', async (_when, moment, when) => {
    const stage = await declared();
    stage.emulator.world.recreateEngine('Support agent');
    expect(await killedAt(stage, moment, when, ONE_ENDPOINT, PRUNE)).toBe(true);
    const next = await stage.run('apply', PRUNE);
    expect(next).toMatchObject({
      exitCode: 0,
      outputs: { to_register: '0', to_grant: '0', to_bind: '0', failure_reason: '' },
    });
    expect(members(stage)).toEqual([principal(stage, 'Support agent')]);
    expect(stage.emulator.world.services()).toEqual(['ticket-system']);
    expect(await stage.run('verify', PRUNE)).toMatchObject({ exitCode: 0, outputs: { changes: 'false' } });
  });

  it.each([
    [
      'the answer to a deletion is lost',
      [{ kind: 'reset', at: 'after', match: { method: 'DELETE' }, when: { first: 1 } }],
    ],
    ['the operation of a deletion cannot be found', [{ kind: 'operation-vanishes', match: { method: 'DELETE' } }]],
    [
      'a service still shows for a while',
      [{ kind: 'stale-reads', for: { ms: 1500 }, match: { path: '**/services/files' } }],
    ],
    [
      'the registry is unavailable for a moment',
      [{ kind: 'status', status: 503, match: { method: 'DELETE' }, when: { first: 2 } }],
    ],
  ] as const)('and are carried out once when %s', async (_what, faults) => {
    const stage = await declared();
    stage.emulator.faults.add(faults);
    expect(await stage.run('apply', PRUNE)).toMatchObject({ exitCode: 0, outputs: { failure_reason: '' } });
    expect(stage.emulator.faults.list().every(({ fired }) => fired > 0)).toBe(true);
    stage.emulator.faults.clear();
    expect(stage.emulator.world.services()).toEqual(['ticket-system']);
    const ids = stage.requests('DELETE', '/services/files').map(({ query }) => query.requestId);
    expect(new Set(ids).size).toBe(1);
  });
});
