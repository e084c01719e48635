// Runs one way of binding a fleet against the emulator and measures it from outside.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { configOf, endpointKeys, engineIds, NUMBER, PROJECT, REGION, SIZES, worldOf } from './sizes.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(HERE);
/** Runs of which the one in the middle counts. */
const START_UPS = 15;

/**
 * @typedef {import('./sizes.js').Size} Size
 * @typedef {import('../emulator/index.js').Emulator} Emulator
 * @typedef {{ ms: number, firstRequestMs: number, requests: number, polls: number, chain: number, memoryMb: number }} Measured
 *   `ms` is the whole process, `firstRequestMs` the time until its first request arrives
 * @typedef {{ from: number, to: number, isPoll: boolean }} Span one request, in milliseconds since the run began
 */

/** How long an engine's update and a registration take. Google's own take minutes; what matters here is what comes on top. */
export const OPERATIONS = { engineUpdateMs: 5_000, serviceMs: 1_000 };

/**
 * @param {Size} size
 * @param {number} latencyMs of every request
 * @returns {Promise<{ plan: Measured, apply: Measured, noChange: Measured }>} a plan, its apply, and a plan after that
 */
export function measureSize(size, latencyMs) {
  return onWorld(size, async (emulator) => ({
    plan: await runAction(emulator, 'plan', size, latencyMs),
    apply: await runAction(emulator, 'apply', size, latencyMs),
    noChange: await runAction(emulator, 'plan', size, latencyMs),
  }));
}

/**
 * @param {Size} size
 * @param {number} latencyMs of every request
 * @param {'serial' | 'parallel'} kind
 * @returns {Promise<Measured>}
 */
export function measureScript(size, latencyMs, kind) {
  return onWorld(size, (emulator) => runScript(emulator, kind, size, latencyMs));
}

/**
 * The time until the first request arrives, beside the time of a Node.js process that does nothing; both in turn, so that
 * what else the machine does is in both.
 *
 * @returns {Promise<import('./report.js').StartUp>} medians
 */
export function measureStartUp() {
  const size = SIZES[0];
  if (!size) throw new Error('There are no sizes.');
  return onWorld(size, async (emulator) => {
    const temp = mkdtempSync(path.join(tmpdir(), 'bench-'));
    const env = environmentIn(temp, emulator, size);
    /** @type {number[]} */
    const empty = [];
    /** @type {number[]} */
    const first = [];
    for (let run = 0; run < START_UPS; run += 1) {
      empty.push((await timed(emulator, 0, process.execPath, ['-e', '0'], env)).ms);
      first.push((await timed(emulator, 0, process.execPath, [entryOf('plan')], env)).firstRequestMs);
    }
    rmSync(temp, { recursive: true, force: true });
    return { emptyMs: median(empty), firstRequestMs: median(first) };
  });
}

/** @param {readonly number[]} values */
function median(values) {
  return Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

/**
 * @template T
 * @param {Size} size
 * @param {(emulator: Emulator) => Promise<T>} work
 * @returns {Promise<T>} what it gave on a fresh world, whose quota of engine writes is off
 */
async function onWorld(size, work) {
  /** @type {typeof import('../emulator/index.js')} */
  const { startEmulator } = await import(new URL('../lib/emulator/index.js', import.meta.url).href);
  const emulator = await startEmulator({ world: worldOf(size) });
  emulator.world.set({ operations: OPERATIONS });
  try {
    return await work(emulator);
  } finally {
    await emulator.close();
  }
}

/**
 * @param {Emulator} emulator
 * @param {'plan' | 'apply'} action
 * @param {Size} size
 * @param {number} latencyMs of every request
 * @returns {Promise<Measured>}
 */
async function runAction(emulator, action, size, latencyMs) {
  const temp = mkdtempSync(path.join(tmpdir(), 'bench-'));
  const memory = path.join(temp, 'memory');
  try {
    const env = { ...environmentIn(temp, emulator, size), BENCH_MEMORY: memory };
    const args = ['--import', path.join(HERE, 'memory.js'), entryOf(action)];
    const run = await timed(emulator, latencyMs, process.execPath, args, env);
    return { ...run, memoryMb: Math.ceil(Number(readFileSync(memory, 'utf8')) / 1024) };
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

/** @param {string} action */
const entryOf = (action) => path.join(ROOT, 'dist', action, 'index.js');

/**
 * @param {string} temp folder for the files of a step, which are written there
 * @param {Emulator} emulator
 * @param {Size} size
 * @returns what the runner would set
 */
function environmentIn(temp, emulator, size) {
  writeFileSync(path.join(temp, 'agent-gateway.yaml'), configOf(size));
  writeFileSync(path.join(temp, 'output'), '');
  writeFileSync(path.join(temp, 'summary'), '');
  return {
    PATH: process.env['PATH'],
    ...emulator.env,
    INPUT_CONFIG: 'agent-gateway.yaml',
    INPUT_ACCESS_TOKEN: 'bench-token',
    INPUT_PROPAGATION_WAIT: '0',
    GITHUB_WORKSPACE: temp,
    GITHUB_OUTPUT: path.join(temp, 'output'),
    GITHUB_STEP_SUMMARY: path.join(temp, 'summary'),
    RUNNER_TEMP: temp,
    BIND_AGENT_GATEWAY_ENGINE_WRITES_PER_MINUTE: '100000',
  };
}

/**
 * @param {Emulator} emulator
 * @param {'serial' | 'parallel'} kind
 * @param {Size} size
 * @param {number} latencyMs of every request
 * @returns {Promise<Measured>}
 */
async function runScript(emulator, kind, size, latencyMs) {
  /** @param {string} api */
  const root = (api) => emulator.env[`CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`] ?? '';
  const env = {
    PATH: process.env['PATH'],
    ENGINES: engineIds(size).join(' '),
    KEYS: endpointKeys(size).join(' '),
    PARENT: `projects/${PROJECT}/locations/${REGION}`,
    IAP_PARENT: `projects/${NUMBER}/locations/${REGION}`,
    GATEWAY: `projects/${PROJECT}/locations/${REGION}/agentGateways/egress`,
    TOKEN: 'bench-token',
    AIPLATFORM: root('AIPLATFORM'),
    AGENTREGISTRY: root('AGENTREGISTRY'),
    IAP: root('IAP'),
    POLL: '1',
  };
  return timed(emulator, latencyMs, 'sh', [path.join(HERE, `procedure-${kind}.sh`)], env);
}

/**
 * @param {Emulator} emulator
 * @param {number} latencyMs
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string | undefined>} env
 * @returns {Promise<Measured>}
 */
async function timed(emulator, latencyMs, command, args, env) {
  /** @type {Span[]} */
  const spans = [];
  /** @type {Map<number, number>} */
  const open = new Map();
  const start = performance.now();
  emulator.requests.length = 0;
  emulator.interceptors.length = 0;
  emulator.interceptors.push({
    before: async ({ n }) => {
      open.set(n, performance.now() - start);
      await sleep(latencyMs);
      return undefined;
    },
    after: ({ n, path: resource }, response) => {
      spans.push({
        from: open.get(n) ?? 0,
        to: performance.now() - start,
        isPoll: /\/operations\/[^/]+$/.test(resource),
      });
      return response;
    },
  });
  const child = spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += chunk));
  const exitCode = await ended(child);
  const ms = Math.round(performance.now() - start);
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}:\n${errors.slice(-2000)}`);
  const polls = spans.filter(({ isPoll }) => isPoll).length;
  const firstRequestMs = Math.round(Math.min(...spans.map(({ from }) => from)));
  return { ms, firstRequestMs, requests: spans.length, polls, chain: chainOf(spans), memoryMb: 0 };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>} its exit code
 */
function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
}

/**
 * The longest sequence of requests each of which began after the one before it had ended: what a run waits for one after the
 * other, whether it has to or not.
 *
 * @param {readonly Span[]} spans
 */
function chainOf(spans) {
  let length = 0;
  let end = -Infinity;
  for (const { from, to } of [...spans].sort((a, b) => a.to - b.to)) {
    if (from < end) continue;
    length += 1;
    end = to;
  }
  return length;
}
