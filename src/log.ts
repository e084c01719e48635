/** Where a run tells its story. Lines may hold text from outside: the implementation makes them harmless. */
export interface Log {
  info(line: string): void;
  /** Shown only when the runner debugs (`RUNNER_DEBUG=1`). */
  debug(line: string): void;
  /** Shown with the step, as a warning is, but asks for nothing. */
  notice(message: string, at?: Place): void;
  warning(message: string, at?: Place): void;
  error(message: string, at?: Place): void;
  /** Folds what `body` logs under a title. */
  group(title: string, body: () => void): void;
}

/** A line of a file in the repository, for annotations. */
export interface Place {
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}
