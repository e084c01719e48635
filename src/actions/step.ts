import * as core from '@actions/core';
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { systemClock } from '../clock.js';
import { SHOWN } from '../commands/annotate.js';
import { notRead } from '../commands/look.js';
import { withFailure, type Outcome } from '../commands/outcome.js';
import { InvalidInput, type Session } from '../commands/session.js';
import { formatProblem, type Problem } from '../config/problems.js';
import { explain } from '../explain.js';
import type { Failure } from '../failure.js';
import { CancelledError, GoogleError, TimeoutError } from '../google/errors.js';
import { createFetch, withoutSecrets } from '../google/transport.js';
import type { CommonInputs, Read } from '../inputs.js';
import type { Log } from '../log.js';
import { NO_OUTPUTS, OUTPUT_NAMES, setOutputs } from '../outputs.js';
import { engineLine } from '../report/words.js';
import { nextSteps, renderSummary } from '../report/summary.js';
import { plural } from '../plural.js';
import { runnerLog } from './log.js';

/** Plan and verify only read; nobody waits longer than this for that. */
const READ_TIMEOUT_MS = 30 * 60_000;

/** How long a finished step may take to end by itself, in milliseconds; one that was cancelled has no time to lose. */
const EXIT_GRACE_MS = 2_000;
const CANCELLED_GRACE_MS = 250;

/** For a run that was cancelled when only its words were left to say: whoever cancels sees that it was. */
const CANCELLED_LATE: Failure = {
  reason: 'cancelled',
  message: 'The workflow was cancelled when this step had done its work: nothing is left open.',
  next: [],
};

/**
 * Runs one command as a step of a job: sets its outputs, writes the step summary and decides the exit code, whatever
 * happens.
 *
 * @param name which of the actions this is
 * @param read reads the inputs
 * @param command what to do with them
 */
export async function runStep<T extends CommonInputs & { readonly timeoutMs?: number }>(
  name: keyof typeof OUTPUT_NAMES,
  read: () => Read<T>,
  command: (read: Read<T>, session: Session) => Promise<Outcome>,
): Promise<void> {
  const stop = new AbortController();
  // Every wait of every engine listens to it, which is no leak: Node.js would warn of one from the eleventh on.
  setMaxListeners(0, stop.signal);
  const cancel = (): void => stop.abort(new CancelledError('the workflow was cancelled'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, cancel);
  const secrets = new Set<string>();
  const mask = (secret: string): void => {
    core.setSecret(secret);
    // A shorter one is no token, and would tear answers apart.
    if (secret.length >= 8) secrets.add(secret);
  };
  const inputs = read();
  for (const secret of [inputs.inputs.accessToken, inputs.inputs.githubToken]) if (secret !== '') mask(secret);
  const timeoutMs = inputs.inputs.timeoutMs ?? READ_TIMEOUT_MS;
  const timer = setTimeout(() => stop.abort(new TimeoutError('the time limit of this run is over')), timeoutMs);
  const session: Session = {
    env: process.env,
    fetch: withoutSecrets(createFetch(), secrets),
    clock: systemClock,
    log: runnerLog,
    signal: stop.signal,
    deadline: systemClock.now() + timeoutMs,
    mask,
    newRequestId: randomUUID,
    random: Math.random,
  };
  const end = await command(inputs, session).catch((error: unknown) => failedOutcome(name, error));
  clearTimeout(timer);
  const isCancelled = stop.signal.reason instanceof CancelledError;
  const outcome = isCancelled && end.failures.length === 0 ? withFailure(end, CANCELLED_LATE) : end;
  await finish(name, outcome, runnerLog);
  process.exitCode = outcome.failures.length > 0 ? 1 : 0;
  // Everything is said and done; what may still hold the process, such as an idle connection, must not hold the job.
  setTimeout(() => process.exit(), isCancelled ? CANCELLED_GRACE_MS : EXIT_GRACE_MS).unref();
}

function failedOutcome(name: string, error: unknown): Outcome {
  const failure = failureOf(name, error);
  return {
    outputs: { ...NO_OUTPUTS, failure_reason: failure.reason },
    summary: { title: `Agent Gateway ${name}`, engines: [], failures: [failure], next: [] },
    failures: [failure],
  };
}

/** An apply tells of everything that Google does to its writes itself, so what is thrown is about reading. */
function failureOf(name: string, error: unknown): Failure {
  if (error instanceof InvalidInput) return invalidInput(error.problems);
  return error instanceof GoogleError ? notRead(error) : explain(error, `Agent Gateway ${name}`, 'api-error');
}

function invalidInput(problems: readonly Problem[]): Failure {
  // The failure itself lists them all.
  const placed = problems.flatMap(({ origin, ...rest }) => (origin.kind === 'file' ? [{ origin, ...rest }] : []));
  for (const { origin, message, fix } of placed.slice(0, SHOWN)) {
    runnerLog.error(`${message} ${fix ?? ''}`.trim(), { title: 'invalid-input', ...origin });
  }
  const lines = problems.map(formatProblem);
  return {
    reason: 'invalid-input',
    message: [
      `${plural(problems.length, 'problem')} with the inputs or the config. Nothing was sent to Google.`,
      ...lines,
    ].join('\n'),
    next: [],
  };
}

async function finish(
  name: keyof typeof OUTPUT_NAMES,
  { outputs, summary, failures }: Outcome,
  log: Log,
): Promise<void> {
  setOutputs(outputs, OUTPUT_NAMES[name]);
  if (process.env.GITHUB_STEP_SUMMARY) {
    try {
      await core.summary.addRaw(renderSummary(summary)).write();
    } catch (error) {
      log.warning(`The step summary could not be written: ${(error as Error).message}`);
    }
  }
  summary.engines.forEach((engine) => log.info(engineLine(engine)));
  // The runner shows ten annotations a step: one per reason, however many engines it struck.
  for (const reason of new Set(failures.map((failure) => failure.reason))) {
    const messages = failures.filter((failure) => failure.reason === reason).map(({ message }) => message);
    log.error(messages.join('\n'), { title: reason });
  }
  sayLines(log, 'Done in this run:', summary.done);
  sayLines(log, 'Still open:', summary.open);
  (failures.length > 0 ? nextSteps(failures) : summary.next).forEach((line) => log.info(line));
}

function sayLines(log: Log, title: string, lines: readonly string[] = []): void {
  if (lines.length > 0) [title, ...lines.map((line) => `- ${line}`)].forEach((line) => log.info(line));
}
