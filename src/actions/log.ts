import * as core from '@actions/core';
import type { Log } from '../log.js';
import { redactText } from '../redact.js';
import { logLine } from '../report/log-text.js';

/** The runner's log: every line is made harmless first, since it may hold text from outside. */
export const runnerLog: Log = {
  info: (line) => core.info(shown(line)),
  debug: (line) => {
    if (core.isDebug()) core.debug(logLine(line));
  },
  notice: (message, at = {}) => core.notice(lines(message), properties(at)),
  warning: (message, at = {}) => core.warning(lines(message), properties(at)),
  error: (message, at = {}) => core.error(lines(message), properties(at)),
  group(title, body) {
    core.startGroup(shown(title));
    try {
      body();
    } finally {
      core.endGroup();
    }
  },
};

/** URLs of others may hold secrets; what the runner knows as one it masks itself. */
const shown = (text: string): string => logLine(redactText(text));

/** Annotations may have several lines; the toolkit escapes them for the runner. */
function lines(message: string): string {
  return message.split('\n').map(shown).join('\n');
}

function properties(at: NonNullable<Parameters<Log['error']>[1]>): core.AnnotationProperties {
  const { title, file, line, column } = at;
  return {
    ...(title === undefined ? {} : { title }),
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { startLine: line }),
    ...(column === undefined ? {} : { startColumn: column }),
  };
}
