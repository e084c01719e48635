import type { Verdict } from './judge.js';

/** Something that is tried by itself, in a world of its own. */
export interface Scenario {
  /** Table it belongs to. */
  readonly group: 'faults' | 'storms' | 'kills' | 'guarded' | 'concurrent';
  readonly row: string;
  readonly column: string;
  /** Takes long and hardly any processor time. */
  readonly waits?: true | undefined;
  readonly play: () => Promise<Verdict>;
}

export interface Played {
  readonly scenario: Scenario;
  readonly verdict: Verdict;
}

export const nameOf = ({ group, row, column }: Scenario): string => `${group}: ${row}, ${column}`;

/**
 * Plays all of them, so many at a time. What mostly waits goes along with the rest.
 *
 * @param atOnce how many that work; as many may wait besides
 * @param onEnd called after each
 */
export async function playAll(
  scenarios: readonly Scenario[],
  atOnce: number,
  onEnd: (played: Played, left: number) => void,
): Promise<Played[]> {
  const played: Played[] = [];
  const lane = async (queue: Scenario[]): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const done = { scenario: next, verdict: await playOne(next) };
      played.push(done);
      onEnd(done, scenarios.length - played.length);
    }
  };
  const lanes = (queue: Scenario[], count: number): Promise<void>[] => Array.from({ length: count }, () => lane(queue));
  const [waiting, working] = [true, false].map((waits) =>
    scenarios.filter((scenario) => (scenario.waits ?? false) === waits),
  ) as [Scenario[], Scenario[]];
  await Promise.all([...lanes(waiting, atOnce), ...lanes(working, atOnce)]);
  return played;
}

async function playOne(scenario: Scenario): Promise<Verdict> {
  try {
    return await scenario.play();
  } catch (error) {
    const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const nothing = { lost: 0, doubled: 0, runs: 0, requests: 0, faults: 0 };
    return { outcome: 'broken', problems: [problem], said: [], ...nothing };
  }
}
