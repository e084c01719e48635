import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isTrue, textOf, type Contexts } from './expressions.js';
import { readAction, ROOT, type ActionMetadata } from './metadata.js';

/** What a job gives its steps. */
export interface Job {
  /** Environment of the job, on top of what the runner itself sets; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Files of the workspace, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Node.js that runs the action; the one of the tests unless said otherwise. */
  readonly node?: string;
  /** Called with every process that is started, e.g. to send it a signal. */
  readonly onStart?: (child: ChildProcess) => void;
}

export interface StepResult {
  readonly exitCode: number;
  /** Standard output and error, as they came. */
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** Steps of a composite action that ran, by ID. */
  readonly steps: Readonly<Record<string, StepResult>>;
  /** `RUNNER_TEMP` of the job. */
  readonly temp: string;
}

interface Place {
  readonly workspace: string;
  readonly temp: string;
}

type JobIn = Job & Place;

const folders: string[] = [];

/** A new folder, gone after `cleanUp`. */
export function newFolder(prefix: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), `${prefix}-`));
  folders.push(folder);
  return folder;
}

/** Removes what the runs of this process left behind. */
export function cleanUp(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/**
 * Runs an action of this repository as GitHub's runner would: `action.yml` read with GitHub's parser, expressions
 * evaluated with its package, the committed `dist/` started as a process with `INPUT_*`.
 *
 * @param folder `''`, `'plan'`, `'apply'` or `'verify'`
 * @param inputs the step's `with`
 */
export async function runAction(
  folder: string,
  inputs: Readonly<Record<string, string>>,
  job: Job = {},
): Promise<StepResult> {
  const workspace = newFolder('workspace');
  for (const [name, content] of Object.entries(job.files ?? {})) {
    mkdirSync(path.dirname(path.join(workspace, name)), { recursive: true });
    writeFileSync(path.join(workspace, name), content);
  }
  return runIn(folder, inputs, { ...job, workspace, temp: newFolder('runner-temp') });
}

async function runIn(folder: string, given: Readonly<Record<string, string>>, job: JobIn): Promise<StepResult> {
  const action = readAction(folder);
  const unknown = Object.keys(given).filter((name) => !action.inputs.has(name));
  if (unknown.length > 0) throw new Error(`Unexpected inputs of ${folder || 'root'}: ${unknown.join(', ')}`);
  const inputs = Object.fromEntries(
    [...action.inputs].map(([name, { value }]) => [name, given[name] ?? textOf(value, { github: { token: '' } })]),
  );
  return action.runs.using === 'composite' ? runComposite(action, inputs, job) : runNode(folder, action, inputs, job);
}

async function runComposite(
  action: ActionMetadata,
  inputs: Readonly<Record<string, string>>,
  job: JobIn,
): Promise<StepResult> {
  const steps: Record<string, StepResult> = {};
  const contexts = (): Contexts => ({
    inputs,
    steps: Object.fromEntries(Object.entries(steps).map(([id, { outputs }]) => [id, { outputs }])),
  });
  let exitCode = 0;
  for (const step of action.steps) {
    if (!isTrue(step.condition, contexts(), exitCode === 0)) continue;
    const values = [...step.with].map(([name, value]) => [name, textOf(value, contexts())] as const);
    const result = step.run
      ? await runProcess('bash', ['-e', '-o', 'pipefail', '-c', textOf(step.run, contexts())], {}, job)
      : await runIn(step.uses.replace(/^\$\//, ''), Object.fromEntries(values), job);
    steps[step.id] = result;
    exitCode ||= result.exitCode;
  }
  const outputs = [...action.outputs].map(
    ([name, { value }]) => [name, value ? textOf(value, contexts()) : ''] as const,
  );
  const all = Object.values(steps);
  return {
    exitCode,
    log: all.map(({ log }) => log).join(''),
    summary: all.map(({ summary }) => summary).join('\n'),
    outputs: Object.fromEntries(outputs),
    steps,
    temp: job.temp,
  };
}

async function runNode(
  folder: string,
  action: ActionMetadata,
  inputs: Readonly<Record<string, string>>,
  job: JobIn,
): Promise<StepResult> {
  if (!('main' in action.runs)) throw new Error(`${folder} is not a JavaScript action`);
  const env = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
  return runProcess(job.node ?? process.execPath, [path.join(ROOT, folder, action.runs.main)], env, job);
}

async function runProcess(
  command: string,
  args: readonly string[],
  inputs: Readonly<Record<string, string>>,
  job: JobIn,
): Promise<StepResult> {
  const commands = newFolder('runner-commands');
  const outputFile = path.join(commands, 'output');
  const summaryFile = path.join(commands, 'summary.md');
  writeFileSync(outputFile, '');
  writeFileSync(summaryFile, '');
  const env: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    HOME: commands,
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: job.workspace,
    GITHUB_OUTPUT: outputFile,
    GITHUB_STEP_SUMMARY: summaryFile,
    RUNNER_TEMP: job.temp,
    RUNNER_ENVIRONMENT: 'github-hosted',
    // What one process compiled the next need not; Node.js 22 and later know it, and nothing else changes.
    NODE_COMPILE_CACHE: path.join(tmpdir(), 'bind-agent-gateway-compile-cache'),
    ...inputs,
    ...job.env,
  };
  const child = spawn(command, args, { env, cwd: job.workspace });
  job.onStart?.(child);
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    // A process that a signal killed has no exit code; shells show 128 and more.
    child.once('close', (code) => resolve(code ?? 128));
  });
  return {
    exitCode,
    log,
    outputs: parseOutputs(readFileSync(outputFile, 'utf8')),
    summary: readFileSync(summaryFile, 'utf8'),
    steps: {},
    temp: job.temp,
  };
}

/** `name<<delimiter`, value lines, `delimiter`, as the toolkit writes them; `name=value`, as scripts do. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const [, simple, value] = /^(\w+)=(.*)$/.exec(lines[at] ?? '') ?? [];
    if (simple !== undefined && value !== undefined) outputs[simple] = value;
    const [, name, delimiter] = /^(\w+)<<(.+)$/.exec(lines[at] ?? '') ?? [];
    if (name === undefined || delimiter === undefined) continue;
    const end = lines.indexOf(delimiter, at + 1);
    outputs[name] = lines.slice(at + 1, end).join('\n');
    at = end;
  }
  return outputs;
}
