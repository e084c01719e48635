import type { Log, Place } from '../../src/log.js';

export interface LogEntry {
  readonly kind: 'info' | 'debug' | 'notice' | 'warning' | 'error' | 'group';
  readonly text: string;
  readonly at?: Place;
}

export interface RecordingLog extends Log {
  readonly entries: LogEntry[];
  /** All lines of one kind. */
  lines(kind?: LogEntry['kind']): string[];
}

/** A log that remembers what it was told. */
export function recordingLog(): RecordingLog {
  const entries: LogEntry[] = [];
  const add = (kind: LogEntry['kind'], text: string, at?: Place): void =>
    void entries.push({ kind, text, ...(at ? { at } : {}) });
  return {
    entries,
    lines: (kind = 'info') => entries.filter((entry) => entry.kind === kind).map(({ text }) => text),
    info: (line) => add('info', line),
    debug: (line) => add('debug', line),
    notice: (message, at) => add('notice', message, at),
    warning: (message, at) => add('warning', message, at),
    error: (message, at) => add('error', message, at),
    group(title, body) {
      add('group', title);
      body();
    },
  };
}
