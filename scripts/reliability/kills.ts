import type { ChildProcess } from 'node:child_process';
import type { RequestLogEntry } from '../../emulator/index.js';
import { guardedCase } from './guarded.js';
import { complaints, differences, lossesIn, undisturbed, verdictOf, type Reference, type Verdict } from './judge.js';
import { once } from './once.js';
import type { Scenario } from './scenario.js';
import { snapshot } from './snapshot.js';
import { openTrial, type Trial } from './trial.js';
import { caseOf, type Case } from './world.js';

export type Moment = 'before' | 'after';

/** A SIGKILL at every request of an apply of 10 engines and 6 endpoints. */
export const kills = (): Promise<Scenario[]> => killsOf('kills', caseOf(10, 6));

/** And of one that writes guardrails. */
export const guardedKills = (): Promise<Scenario[]> => killsOf('guarded', guardedCase());

/**
 * A SIGKILL at every request, before it is carried out and after. Runs differ by how often they ask for operations: one that makes
 * fewer requests than the undisturbed one may end before it is killed.
 */
async function killsOf(group: 'kills' | 'guarded', given: Case): Promise<Scenario[]> {
  let requests = 0;
  const reference = once(() =>
    undisturbed(async () => {
      const trial = await openTrial(given);
      const close = async (): Promise<void> => {
        requests = trial.emulator.requests.length;
        await trial.close();
      };
      return { ...trial, close };
    }),
  );
  await reference();
  return Array.from({ length: requests }, (_, index) => index + 1).flatMap((nth) =>
    (['before', 'after'] as const).map((moment): Scenario => ({
      group,
      row: moment,
      column: String(nth),
      play: async () => killed(given, await reference(), moment, ({ n }) => n === nth),
    })),
  );
}

/**
 * Kills a run when a request arrives or when it has been carried out, and runs again.
 *
 * @param when which request
 */
export async function killed(
  given: Case,
  reference: Reference,
  moment: Moment,
  when: (entry: RequestLogEntry) => boolean,
): Promise<Verdict> {
  const trial = await openTrial(given);
  try {
    const first = await withKill(trial, moment, when);
    const wasKilled = first.exitCode === null;
    const problems = wasKilled ? [] : complaints(first);
    if (wasKilled) {
      const second = await trial.apply();
      problems.push(...complaints(second));
      if (second.exitCode !== 0) problems.push(`the second run failed: ${second.failureReason}\n${second.log}`);
    }
    const now = snapshot(trial);
    problems.push(...differences(now, reference));
    const verdict = verdictOf(trial, { healed: wasKilled, problems, losses: lossesIn(now, reference) });
    return { ...verdict, faults: wasKilled ? 1 : 0 };
  } finally {
    await trial.close();
  }
}

async function withKill(
  trial: Trial,
  moment: Moment,
  when: (entry: RequestLogEntry) => boolean,
): ReturnType<Trial['apply']> {
  let child: ChildProcess | undefined;
  const { interceptors } = trial.emulator;
  const count = interceptors.length;
  const kill = (entry: RequestLogEntry): boolean => child !== undefined && when(entry) && child.kill('SIGKILL');
  interceptors.push({
    // Nobody is left to read this answer; it only keeps the request from being carried out.
    before: (entry) => (moment === 'before' && kill(entry) ? new Response(null, { status: 503 }) : undefined),
    after: (entry, response) => {
      if (moment === 'after') kill(entry);
      return response;
    },
  });
  const run = await trial.apply({ onStart: (started) => (child = started) });
  interceptors.length = count;
  return run;
}
