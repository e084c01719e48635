import { setTimeout as sleep } from 'node:timers/promises';
import { complaints, differences, lossesIn, verdictOf, type Reference, type Verdict } from './judge.js';
import { once } from './once.js';
import type { Scenario } from './scenario.js';
import { snapshot } from './snapshot.js';
import { openTrial, type RunIn, type Trial } from './trial.js';
import { caseOf, configOf, type Case } from './world.js';

type Config = NonNullable<RunIn['config']>;

/** Two configs on one scope. */
interface Pair {
  readonly title: string;
  readonly configs: readonly [Config, Config];
  /** A refusal is found after a minute of looking for the service that was refused. */
  readonly waits?: true;
}

const ENGINES = [1, 2, 3, 4];
const config = (name: string, ...args: Parameters<typeof configOf>): Config => ({
  name: `${name}.yaml`,
  text: configOf(...args),
});

const EGRESS = { egress: 'egress' };
const PAIRS: readonly Pair[] = [
  {
    title: 'the same config',
    configs: [
      config('agent-gateway', EGRESS, ['tickets', 'customers', 'stripe', 'wiki'], ENGINES),
      config('agent-gateway', EGRESS, ['tickets', 'customers', 'stripe', 'wiki'], ENGINES),
    ],
  },
  {
    title: 'other endpoints for the same engines',
    configs: [
      config('one', EGRESS, ['tickets', 'stripe'], ENGINES),
      config('other', EGRESS, ['wiki', 'search', 'stripe'], ENGINES),
    ],
  },
  {
    title: 'egress by one, ingress by the other, of the same engines',
    configs: [config('one', EGRESS, ['tickets'], ENGINES), config('other', { ingress: 'ingress' }, ['wiki'], ENGINES)],
  },
  {
    title: 'one endpoint key, other hosts',
    configs: [
      config('one', EGRESS, ['shared-key: { urls: [https://one.example.com] }'], [1, 2]),
      config('other', EGRESS, ['shared-key: { urls: [https://other.example.com] }'], [3, 4]),
    ],
  },
  {
    title: 'one host, other endpoint keys',
    configs: [
      config('one', EGRESS, ['key-of-one: { urls: [https://both.example.com] }'], [1, 2]),
      config('other', EGRESS, ['key-of-other: { urls: [https://both.example.com] }'], [3, 4]),
    ],
    waits: true,
  },
];

/** Milliseconds between the starts: from side by side to the one reading while the other writes. */
const OFFSETS = [0, 40, 80, 150, 250, 400, 700, 1000];

/** Two applies at the same time, with starts more and less apart. */
export function concurrent(): Scenario[] {
  const given = caseOf(ENGINES.length, 0);
  return PAIRS.flatMap((pair) => {
    const references = once(() => inOrder(given, pair.configs));
    return OFFSETS.map((offset): Scenario => ({
      group: 'concurrent',
      row: pair.title,
      column: `${offset} ms`,
      waits: pair.waits,
      play: async () => together(given, pair, offset, await references()),
    }));
  });
}

/** The worlds that are right: as if the two had run one after the other, in one order or the other. */
async function inOrder(given: Case, [one, other]: readonly [Config, Config]): Promise<Reference[]> {
  return Promise.all(
    [
      [one, other],
      [other, one],
    ].map(async (order): Promise<Reference> => {
      const trial = await openTrial(given);
      try {
        const before = snapshot(trial);
        for (const item of order) {
          const { exitCode, log } = await trial.apply({ config: item });
          if (exitCode !== 0) throw new Error(`One after the other is no reference:\n${log}`);
        }
        return { before, after: snapshot(trial) };
      } finally {
        await trial.close();
      }
    }),
  );
}

async function together(given: Case, pair: Pair, offset: number, references: readonly Reference[]): Promise<Verdict> {
  const trial = await openTrial(given);
  try {
    const [one, other] = pair.configs;
    const first = await Promise.all([
      trial.apply({ config: one }),
      sleep(offset).then(() => trial.apply({ config: other })),
    ]);
    const problems = first.flatMap(complaints);
    // A clear refusal is allowed; the one who was refused runs again.
    const refused = pair.configs.filter((_config, index) => first[index]?.exitCode !== 0);
    for (const item of refused) problems.push(...(await again(trial, item)));
    return { ...judge(trial, references, problems, refused.length > 0), faults: 1 };
  } finally {
    await trial.close();
  }
}

async function again(trial: Trial, item: Config): Promise<string[]> {
  const second = await trial.apply({ config: item });
  return [...complaints(second), ...(second.exitCode === 0 ? [] : [`refused again: ${second.failureReason}`])];
}

function judge(trial: Trial, references: readonly Reference[], problems: readonly string[], healed: boolean): Verdict {
  const now = snapshot(trial);
  const found = references.map((reference) => ({ reference, wrong: differences(now, reference) }));
  const best = found.sort((a, b) => a.wrong.length - b.wrong.length)[0];
  if (best === undefined) throw new Error('no reference');
  const losses = lossesIn(now, best.reference);
  return verdictOf(trial, { healed, problems: [...problems, ...best.wrong], losses });
}
