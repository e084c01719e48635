import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { inputOrigin, printable, problem, quote, type Problem } from './problems.js';

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
  const result = await readText(absolute);
  if ('text' in result) return { file: { path: shown, text: result.text }, problems: [] };
  if (result.error === 'missing') {
    if (named === '') return { problems: [] };
    const where = `It was looked for in ${quote(workspace, 200)}.`;
    const fix = `${where} Check the path, and that actions/checkout ran before this step.`;
    return fail(`The file ${quote(shown, 200)} does not exist.`, fix);
  }
  const [what, fix] = FAILURES[result.error];
  return fail(`${quote(shown, 200)} ${what}${result.detail ?? ''}.`, fix);
}

type Failure = 'not-a-file' | 'too-large' | 'not-text' | 'unreadable';

const FAILURES: Readonly<Record<Failure, readonly [string, string]>> = {
  'not-a-file': ['is not a file', 'Name the YAML file itself.'],
  'too-large': ['is larger than 1 MB', 'Name a desired-state file; a real one has a few kilobytes.'],
  'not-text': ['is not UTF-8 text', 'Save it as UTF-8.'],
  unreadable: ['cannot be read', 'Check its permissions.'],
};

type Read = { text: string } | { error: 'missing' } | { error: Failure; detail?: string };

async function readText(absolute: string): Promise<Read> {
  try {
    // Looked at before it is opened: opening a pipe would wait for its writer.
    const stats = await stat(absolute);
    if (!stats.isFile()) return { error: 'not-a-file' };
    if (stats.size > MOST_BYTES) return { error: 'too-large' };
    const bytes = await readFile(absolute);
    if (bytes.length > MOST_BYTES) return { error: 'too-large' };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): Read {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  // ENOTDIR: a part of the path is a file, so what is behind it does not exist.
  if (code === 'ENOENT' || code === 'ENOTDIR') return { error: 'missing' };
  if (code === 'EISDIR') return { error: 'not-a-file' };
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return { error: 'not-text' };
  return { error: 'unreadable', detail: code === '' ? '' : ` (${code})` };
}

function defaultWorkspace(): string {
  const workspace = process.env.GITHUB_WORKSPACE;
  return workspace === undefined || workspace === '' ? process.cwd() : workspace;
}
