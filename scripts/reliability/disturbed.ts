import type { FaultInput } from '../../emulator/index.js';
import type { FaultColumn } from './faults.js';
import { complaints, differences, lossesIn, verdictOf, type Reference, type Verdict } from './judge.js';
import { snapshot } from './snapshot.js';
import { openTrial, type Trial, type TrialOptions } from './trial.js';
import type { Case } from './world.js';

/** In minutes; six seconds are enough to try a few times and short enough to wait for. */
const SHORT_TIMEOUT = '0.1';
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
    trial.emulator.faults.add(setup);
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
    const losses = lossesIn(snapshot(trial), reference, foreignFacts(trial));
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
  const lost = lossesIn(snapshot(trial), reference, foreignFacts(trial)).lost;
  const timer = setTimeout(end, lasts === 'intoNext' ? INTO_NEXT_MS : 0);
  if (lasts !== 'intoNext') end();
  const second = await trial.apply();
  clearTimeout(timer);
  end();
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

/** What the foreign writer has written, for the requests that it came before. */
function foreignFacts({ emulator }: Trial): string[] {
  const struck = emulator.requests.filter(({ faults }) => faults?.some(({ kind }) => kind === 'foreign-write'));
  const services = emulator.world.services().map((id) => ({ id, resourceId: emulator.world.service(id).resourceId }));
  return struck.map(({ path }) => {
    const engine = /\/reasoningEngines\/(\d+)$/.exec(path)?.[1];
    if (engine !== undefined) return `engine ${engine}: label changed-by=somebody-else`;
    const service = services.find(({ resourceId }) => path.endsWith(`/${resourceId}:setIamPolicy`))?.id ?? path;
    const member = 'serviceAccount:somebody-else@another-team.iam.gserviceaccount.com';
    return `policy of service ${service}: roles/iap.egressor null ${member}`;
  });
}
