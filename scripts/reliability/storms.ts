import type { FaultInput } from '../../emulator/index.js';
import { undisturbed } from './judge.js';
import { disturbed } from './disturbed.js';
import { once } from './once.js';
import type { Scenario } from './scenario.js';
import { openTrial } from './trial.js';
import { caseOf } from './world.js';

const SEEDS = 24;

/** Many kinds of trouble at a time, each at some of all requests; the seed decides which. */
export function storms(): Scenario[] {
  const given = caseOf(3, 3);
  const reference = once(() => undisturbed(() => openTrial(given)));
  return Array.from({ length: SEEDS }, (_, index) => index + 1).map((seed): Scenario => ({
    group: 'storms',
    row: 'any request',
    column: `seed ${seed}`,
    play: () =>
      disturbed({
        given,
        options: { credentials: 'federated' },
        setup: [],
        faults: storm(seed),
        lasts: 'brief',
        reference,
      }),
  }));
}

function storm(seed: number): FaultInput[] {
  const when = (percent: number, salt: number): { probability: number; seed: number } => ({
    probability: percent / 100,
    seed: 100 * seed + salt,
  });
  return [
    { kind: 'status', status: 503, when: when(3, 1) },
    { kind: 'status', status: 503, at: 'after', when: when(3, 2) },
    { kind: 'status', status: 429, retryAfter: 1, when: when(3, 3) },
    { kind: 'reset', at: 'before', when: when(2, 4) },
    { kind: 'reset', at: 'after', when: when(2, 5) },
    { kind: 'truncated', when: when(2, 6) },
    { kind: 'html', when: when(2, 7) },
    { kind: 'empty', when: when(1, 8) },
    { kind: 'operation-vanishes', when: when(2, 9) },
    { kind: 'foreign-write', when: when(20, 10) },
    { kind: 'token-expires', afterRequests: 25 },
  ];
}
