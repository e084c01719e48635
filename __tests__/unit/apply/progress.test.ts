import { describe, expect, it } from '@jest/globals';
import { createProgress } from '../../../src/apply/progress.js';
import { elapsed } from '../../../src/elapsed.js';
import { fakeClock, START } from '../../support/clock.js';
import { recordingLog } from '../../support/log.js';

function start() {
  const clock = fakeClock();
  const log = recordingLog();
  const progress = createProgress(log, clock, START);
  const stop = new AbortController();
  const beating = progress.heartbeat(stop.signal);
  const end = async (): Promise<string[]> => {
    stop.abort();
    await beating;
    return log.lines();
  };
  return { clock, progress, end };
}

describe('progress', () => {
  it('says what happens, with the time since the run began', async () => {
    const { clock, progress, end } = start();
    clock.advance(65_000);
    progress.step('Support agent', 'update started');
    expect(await end()).toEqual(['[1:05] Support agent: update started']);
  });

  it('says every half minute that it is alive, for how long, and what it waits for', async () => {
    const { clock, progress, end } = start();
    progress.waiting('Support agent', 'waiting for the update');
    await clock.sleep(61_000);
    expect(await end()).toEqual([
      '[0:30] … Support agent: waiting for the update, for 0:30 so far',
      '[1:00] … Support agent: waiting for the update, for 1:00 so far',
    ]);
  });

  it('names the first of several waits and counts the others', async () => {
    const { clock, progress, end } = start();
    progress.waiting('a', 'x');
    const done = progress.waiting('b', 'y');
    progress.waiting('c', 'z');
    await clock.sleep(31_000);
    done();
    await clock.sleep(30_000);
    expect(await end()).toEqual([
      '[0:30] … a: x, for 0:30 so far and 2 more',
      '[1:00] … a: x, for 1:00 so far and 1 more',
    ]);
  });

  it('is silent while nothing is waited for, or after something has just happened', async () => {
    const { clock, progress, end } = start();
    await clock.sleep(45_000);
    const done = progress.waiting('a', 'x');
    progress.step('b', 'done');
    await clock.sleep(16_000);
    done();
    await clock.sleep(60_000);
    expect(await end()).toEqual(['[0:45] b: done']);
  });
});

describe('elapsed', () => {
  it.each([
    [0, '0:00'],
    [999, '0:00'],
    [59_999, '0:59'],
    [60_000, '1:00'],
    [605_000, '10:05'],
    [5_400_000, '90:00'],
  ])('%i ms is %s', (ms, text) => {
    expect(elapsed(ms)).toBe(text);
  });
});
