import { printable } from '../config/problems.js';

/**
 * A line for the runner's log with text from outside in it. The runner takes a line that begins with `::name::` (after
 * blanks), or holds `##[name]` anywhere, for a command of its own (actions/runner, ActionCommand.cs); and control
 * characters could rewrite what a terminal shows.
 *
 * @returns one line that is nothing but text
 */
export function logLine(text: string): string {
  return printable(text)
    .replace(/^(\s*):(?=:)/, '$1\\u003a')
    .replace(/##\[/g, '##\\u005b');
}
