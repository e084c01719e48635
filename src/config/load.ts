import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { inputOrigin, printable, problem, quote, type Problem } from './problems.js';
import { readTextFile, type Unreadable } from './read-file.js';

/** The file that is used when the `config` input is not given. */
export const DEFAULT_CONFIG = 'agent-gateway.yaml';
const MOST_BYTES = 1024 * 1024;

/** A desired-state file as it was read. */
export interface LoadedFile {
  /** Relative to the workspace, with forward slashes and nothing unprintable. */
  readonly path: string;
  readonly text: string;
}

/**
 * Reads the desired-state file: the one the `config` input names, else `agent-gateway.yaml` if there is one. The only
 * I/O of config/.
 *
 * @param config the `config` input, empty when not given
 * @param workspace what relative paths are relative to
 */
export async function loadConfig(
  config: string,
  workspace: string = defaultWorkspace(),
): Promise<{ readonly file?: LoadedFile; readonly problems: Problem[] }> {
  const named = config.trim();
  const absolute = path.resolve(workspace, named === '' ? DEFAULT_CONFIG : named);
  const shown = printable(path.relative(workspace, absolute).split(path.sep).join('/')) || '.';
  const fail = (message: string, fix: string): { problems: Problem[] } => ({
    problems: [problem(inputOrigin('config'), message, fix)],
  });
  if (await leadsOut(absolute, workspace)) {
    const message = `${quote(shown, 200)} is a link that leads out of the workspace.`;
    return fail(message, 'Put the file itself there, or name the place it is at.');
  }
  const result = await readTextFile(absolute, MOST_BYTES);
  if ('text' in result) return { file: { path: shown, text: result.text }, problems: [] };
  if (result.error === 'missing') {
    if (named === '') return { problems: [] };
    const where = `It was looked for in ${quote(workspace, 200)}.`;
    const fix = `${where} Check the path, and that actions/checkout ran before this step.`;
    return fail(`The file ${quote(shown, 200)} does not exist.`, fix);
  }
  const [what, fix] = FAILURES[result.error];
  const detail = result.error === 'unreadable' && result.detail !== '' ? ` (${result.detail})` : '';
  return fail(`${quote(shown, 200)} ${what}${detail}.`, fix);
}

const FAILURES: Readonly<Record<Exclude<Unreadable['error'], 'missing'>, readonly [string, string]>> = {
  'not-a-file': ['is not a file', 'Name the YAML file itself.'],
  'too-large': ['is larger than 1 MB', 'Name a desired-state file; a real one has a few kilobytes.'],
  'not-text': ['is not UTF-8 text', 'Save it as UTF-8.'],
  unreadable: ['cannot be read', 'Check its permissions.'],
};

/**
 * Whoever may add a file to the repository may add a link: to the runner's own files, where tokens are. A path that the
 * workflow itself names may lie anywhere.
 */
async function leadsOut(absolute: string, workspace: string): Promise<boolean> {
  if (!isWithin(absolute, path.resolve(workspace))) return false;
  try {
    return !isWithin(await realpath(absolute), await realpath(workspace));
  } catch {
    // Reading it will say what is wrong.
    return false;
  }
}

function isWithin(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

function defaultWorkspace(): string {
  const workspace = process.env.GITHUB_WORKSPACE;
  return workspace === undefined || workspace === '' ? process.cwd() : workspace;
}
