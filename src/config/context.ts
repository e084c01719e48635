import type { Origin } from './desired.js';
import type { ParsedFile } from './parse.js';
import { inputOrigin, MOST_PROBLEMS, problem, type Problem } from './problems.js';
import type { RawInputs } from './raw-inputs.js';

/** What every part of the desired state is built from, and where its problems go. */
export interface Context {
  /** Absent when there is no file, or when it could not be read at all. */
  readonly file?: ParsedFile;
  /** A file was given but could not be read: then nothing can be said to be missing. */
  readonly unreadable: boolean;
  readonly inputs: RawInputs;
  readonly universe: string;
  readonly problems: Problem[];
}

/** The project and region of a run, as far as they are known. */
export interface ScopeSoFar {
  readonly project?: string;
  readonly region?: string;
  readonly universe: string;
}

/** A text with the place it was written at. */
export interface Said {
  readonly text: string;
  readonly origin: Origin;
}

/** There are more problems than are shown: to look for yet more would be work for nothing. */
export class TooManyProblems extends Error {
  override readonly name = 'TooManyProblems';
}

/**
 * Reports a problem.
 *
 * @throws TooManyProblems once there is one more than is shown
 */
export function report(context: Context, origin: Origin, message: string, fix?: string): void {
  context.problems.push(problem(origin, message, fix));
  if (context.problems.length > MOST_PROBLEMS) throw new TooManyProblems();
}

/** What an input says; `undefined` when it was not given. */
export function fromInput(context: Context, input: keyof RawInputs): Said | undefined {
  const text = context.inputs[input].trim();
  return text === '' ? undefined : { text, origin: inputOrigin(input) };
}

/** Whether the file has the key at its top, even with a value that the schema refused. */
export function fileHas(context: Context, key: keyof ParsedFile['value']): boolean {
  return context.file !== undefined && Object.hasOwn(context.file.value, key);
}
