// Runs one way of binding a fleet against the emulator and measures it from outside.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { configOf, endpointKeys, engineIds, NUMBER, PROJECT, REGION, worldOf } from './sizes.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.dirname(HERE);

/**
 * @typedef {import('./sizes.js').Size} Size
 * @typedef {import('../emulator/index.js').Emulator} Emulator
 * @typedef {{ ms: number, requests: number, polls: number, chain: number, memoryMb: number, exitCode: number }} Measured
 * @typedef {{ from: number, to: number, isPoll: boolean }} Span one request, in milliseconds since the run began
 */

/** How long an engine's update and a registration take. Google's own take minutes; what matters here is what comes on top. */
export const OPERATIONS = { engineUpdateMs: 5_000, serviceMs: 1_000 };

/**
 * @param {Size} size
 * @returns {Promise<Emulator>} with a fresh world; its quota of engine writes is off
 */
export async function startWorld(size) {
  /** @type {typeof import('../emulator/index.js')} */
  const { startEmulator } = await import(new URL('../lib/emulator/index.js', import.meta.url).href);
  const emulator = await startEmulator({ world: worldOf(size) });
  emulator.world.set({ operations: OPERATIONS });
  return emulator;
}

/**
 * @param {Emulator} emulator
 * @param {'plan' | 'apply'} action
 * @param {Size} size
 * @param {number} latencyMs of every request
 * @returns {Promise<Measured>}
 */
export async function runAction(emulator, action, size, latencyMs) {
  const temp = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    writeFileSync(path.join(temp, 'agent-gateway.yaml'), configOf(size));
    writeFileSync(path.join(temp, 'output'), '');
    writeFileSync(path.join(temp, 'summary'), '');
    const env = {
      PATH: process.env['PATH'],
      ...emulator.env,
      INPUT_CONFIG: 'agent-gateway.yaml',
      INPUT_ACCESS_TOKEN: 'bench-token',
      INPUT_PROPAGATION_WAIT: '0',
      GITHUB_WORKSPACE: temp,
      GITHUB_OUTPUT: path.join(temp, 'output'),
      GITHUB_STEP_SUMMARY: path.join(temp, 'summary'),
      RUNNER_TEMP: temp,
      BENCH_MEMORY: path.join(temp, 'memory'),
      BIND_AGENT_GATEWAY_ENGINE_WRITES_PER_MINUTE: '100000',
    };
    const args = ['--import', path.join(HERE, 'memory.js'), path.join(ROOT, 'dist', action, 'index.js')];
    const run = await timed(emulator, latencyMs, process.execPath, args, env);
    return { ...run, memoryMb: Number(readFileSync(env.BENCH_MEMORY, 'utf8')) / 1024 };
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

/**
 * @param {Emulator} emulator
 * @param {'serial' | 'parallel'} kind
 * @param {Size} size
 * @param {number} latencyMs of every request
 * @returns {Promise<Measured>}
 */
export async function runScript(emulator, kind, size, latencyMs) {
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
  const exitCode = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 128));
  });
  const ms = performance.now() - start;
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}:\n${errors.slice(-2000)}`);
  const polls = spans.filter(({ isPoll }) => isPoll).length;
  return { ms, requests: spans.length, polls, chain: chainOf(spans), memoryMb: 0, exitCode };
}

/**
 * The longest sequence of requests each of which began after the one before it had ended: what a run waits for one after the
 * other, whether it has to or not.
 *
 * @param {readonly Span[]} spans
 */
export function chainOf(spans) {
  let length = 0;
  let end = -Infinity;
  for (const { from, to } of [...spans].sort((a, b) => a.to - b.to)) {
    if (from < end) continue;
    length += 1;
    end = to;
  }
  return length;
}
