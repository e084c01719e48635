import { isDeepStrictEqual } from 'node:util';
import { FAILURE_REASONS } from '../../src/failure.js';
import type { Run } from './action.js';
import { unknownRequests } from './methods.js';
import { snapshot, type Snapshot } from './snapshot.js';
import type { Trial } from './trial.js';

/** `ok`: the first run ended well; `healed`: it failed clearly, and an undisturbed one after it ended well. */
export type Outcome = 'ok' | 'healed' | 'broken';

/** What the IDs of faults begin with that belong to the world rather than to what goes wrong. */
export const SETUP = 'setup';

/** How a scenario ended. */
export interface Verdict {
  readonly outcome: Outcome;
  /** Why it is broken, one line each. */
  readonly problems: readonly string[];
  /** What the runs that failed said, one line each. */
  readonly said: readonly string[];
  /** What was there before, or came from others meanwhile, and is gone. */
  readonly lost: number;
  /** What was done more often than in an undisturbed run, or is there twice. */
  readonly doubled: number;
  readonly runs: number;
  readonly requests: number;
  /** Requests that were made to go wrong. */
  readonly faults: number;
}

/** What an undisturbed run makes of a world. */
export interface Reference {
  readonly before: Snapshot;
  readonly after: Snapshot;
}

/** What is lost and doubled now. */
export interface Losses {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
}

/** @param foreign facts that others wrote during the run */
export function lossesIn(now: Snapshot, { before, after }: Reference, foreign: readonly string[] = []): Losses {
  // What the undisturbed run takes out as well is meant to go.
  const kept = [...before.facts].filter((fact) => after.facts.has(fact));
  const often = [...now.done].filter(([what, times]) => times > (after.done.get(what) ?? 0));
  return {
    lost: [...kept, ...foreign].filter((fact) => !now.facts.has(fact)),
    doubled: [...often.map(([what, times]) => `${what}: ${times} times`), ...now.twice],
  };
}

/** @returns what is wrong with the world after a run that ended well */
export function differences(now: Snapshot, { after }: Reference): string[] {
  return Object.keys(after.world).flatMap((kind) => {
    const [is, should] = [now.world[kind], after.world[kind]] as [unknown[], unknown[]];
    const lacks = should.filter((item) => !is.some((other) => isDeepStrictEqual(item, other)));
    const has = is.filter((item) => !should.some((other) => isDeepStrictEqual(item, other)));
    return [
      ...lacks.map((item) => `${kind} should have ${JSON.stringify(item)}`),
      ...has.map((item) => `${kind} should not have ${JSON.stringify(item)}`),
    ];
  });
}

/** @returns what is wrong with the end of a run that was not killed: it ends well, or fails in a way that people can act upon */
export function complaints({ exitCode, failureReason, log, summary }: Run): string[] {
  const found: string[] = [];
  const add = (isWrong: boolean, what: string): void => {
    if (isWrong) found.push(what);
  };
  const known: readonly string[] = FAILURE_REASONS;
  add(exitCode !== 0 && exitCode !== 1, `the exit code is ${String(exitCode)}`);
  add(exitCode === 0 && failureReason !== '', `exit code 0 with failure_reason ${failureReason}`);
  add(exitCode === 1 && !known.includes(failureReason), `exit code 1 with failure_reason "${failureReason}"`);
  add(exitCode === 1 && !/^::error/m.test(log), 'the failure has no annotation');
  add(summary === '', 'there is no step summary');
  add(/^\s+at .*:\d+:\d+\)?$/m.test(log), `a stack trace: ${/^.*\n\s+at .*:\d+:\d+\)?$/m.exec(log)?.[0] ?? ''}`);
  add(/^\(node:\d+\)/m.test(log), `a warning of Node.js: ${/^\(node:\d+\).*$/m.exec(log)?.[0] ?? ''}`);
  return found;
}

/** Puts together what was found in one scenario. */
export function verdictOf(
  trial: Trial,
  end: { readonly healed: boolean; readonly problems: readonly string[]; readonly losses: Losses },
): Verdict {
  const { lost, doubled } = end.losses;
  const { requests } = trial.emulator;
  const unknown = unknownRequests(requests).map(({ method, api, path }) => `unknown method: ${method} ${api}${path}`);
  const problems = [
    ...end.problems,
    ...lost.map((what) => `lost: ${what}`),
    ...doubled.map((what) => `doubled: ${what}`),
    ...new Set(unknown),
  ];
  return {
    outcome: problems.length > 0 ? 'broken' : end.healed ? 'healed' : 'ok',
    problems,
    said: trial.runs.flatMap(({ exitCode, log }) => (exitCode === 1 ? (/^::error.*$/m.exec(log)?.[0] ?? log) : [])),
    lost: lost.length,
    doubled: doubled.length,
    runs: trial.runs.length,
    requests: requests.length,
    faults: requests.filter(({ faults = [] }) => faults.some(({ id }) => !id.startsWith(SETUP))).length,
  };
}

/** A run that nothing disturbs, and proof that it does what it should without losing anything. */
export async function undisturbed(open: () => Promise<Trial>): Promise<Reference> {
  const trial = await open();
  try {
    const before = snapshot(trial);
    const run = await trial.apply();
    const after = snapshot(trial);
    const gone = [...before.facts].filter((fact) => !after.facts.has(fact));
    const problems = [...complaints(run), ...after.twice, ...unknownRequests(trial.emulator.requests)];
    if (run.exitCode !== 0 || problems.length > 0 || !isDeepStrictEqual(gone.sort(), [...trial.given.goes].sort())) {
      throw new Error(`The undisturbed run is no reference: ${JSON.stringify({ problems, gone })}\n${run.log}`);
    }
    return { before, after };
  } finally {
    await trial.close();
  }
}
