import type { FaultInput } from '../../emulator/index.js';
import type { FaultColumn } from './faults.js';
import { complaints, differences, lossesIn, SETUP, verdictOf, type Reference, type Verdict } from './judge.js';
import { foreignFacts, snapshot } from './snapshot.js';
import { openTrial, type Trial, type TrialOptions } from './trial.js';
import type { Case } from './world.js';

/** In minutes; twenty seconds are short enough to wait for, and enough to come as far as the fault on a busy machine. */
const SHORT_TIMEOUT = '0.35';
/** How far the next run is when what was held ends. */
const INTO_NEXT_MS = 1_500;

/** What a scenario with faults is made of. */
export interface Disturbance {
  readonly given: Case;
  readonly options: TrialOptions;
  /** Stays for all runs. */
  readonly setup: readonly FaultInput[];
  /** Taken away before a second run. */
  readonly faults: readonly FaultInput[];
  readonly lasts: FaultColumn['lasts'];
  /** Changes the world when the faults are in place, before the first run. */
  readonly change?: (trial: Trial) => void;
  readonly reference: () => Promise<Reference>;
}

/** Runs with faults, and without them when that failed. */
export async function disturbed(disturbance: Disturbance): Promise<Verdict> {
  const { given, options, setup, faults, lasts, change } = disturbance;
  const reference = await disturbance.reference();
  const trial = await openTrial(given, options);
  try {
    trial.emulator.faults.add(setup.map((fault, index) => ({ ...fault, id: `${SETUP}-${index}` })));
    const ids = trial.emulator.faults.add(faults);
    change?.(trial);
    const first = await trial.apply(lasts === 'brief' ? {} : { inputs: { timeout: SHORT_TIMEOUT } });
    const fired = trial.emulator.faults.list().filter((item) => ids.includes(item.id) && item.fired > 0);
    await nothingOnItsWay(trial);
    const problems = [...complaints(first), ...(fired.length > 0 ? [] : ['the fault never struck'])];
    if (first.exitCode === 0) {
      problems.push(...differences(snapshot(trial), reference));
    } else {
      problems.push(...(await secondRun(trial, ids, lasts, reference)));
    }
    const losses = lossesIn(snapshot(trial), reference, foreignFacts(trial.emulator));
    return verdictOf(trial, { healed: first.exitCode !== 0, problems, losses });
  } finally {
    await trial.close();
  }
}

async function secondRun(
  trial: Trial,
  ids: readonly string[],
  lasts: FaultColumn['lasts'],
  reference: Reference,
): Promise<string[]> {
  const end = (): void => ids.forEach((id) => trial.emulator.faults.remove(id));
  const lost = lossesIn(snapshot(trial), reference, foreignFacts(trial.emulator)).lost;
  if (lasts !== 'intoNext') end();
  const timer = setTimeout(end, INTO_NEXT_MS);
  const second = await trial.apply();
  clearTimeout(timer);
  if (second.exitCode !== 0) return [`the second run failed: ${second.failureReason}`, ...complaints(second), ...lost];
  return [...complaints(second), ...differences(snapshot(trial), reference), ...lost];
}

/** A request that the client has given up may still be carried out: that belongs to the end of the story. */
async function nothingOnItsWay({ emulator }: Trial): Promise<void> {
  const isOpen = (): boolean =>
    emulator.requests.some(({ carriedOut, status, faults }) => !carriedOut && status === 0 && isSlow(faults));
  for (let waited = 0; isOpen() && waited < 90_000; waited += 200) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const isSlow = (faults: readonly { readonly kind: string }[] | undefined): boolean =>
  faults?.some(({ kind }) => kind === 'slow') ?? false;
