// The main job as a story, without a cloud: starts the emulator of the Google APIs and runs the committed actions
// against it, each as the process that GitHub's runner would start. Needs Node.js alone: `npm run demo`.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { show } from './show.js';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const WORLD = path.join(ROOT, 'emulator/worlds/demo');

/**
 * @typedef {{ url: string, env: Record<string, string>, stop: () => void }} Emulator
 * @typedef {{ exitCode: number, outputs: Record<string, string> }} Step
 */

/** @returns {Promise<Emulator>} */
async function startEmulator() {
  const args = ['dist/emulator/index.js', '--world', path.join(WORLD, 'world.yaml'), '--json'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, env } = JSON.parse(line);
    return { url, env, stop: () => child.kill() };
  }
  throw new Error('the emulator did not start');
}

/**
 * Runs one of the actions as a step of a job.
 *
 * @param {'plan' | 'apply' | 'verify'} action
 * @param {Record<string, string>} inputs
 * @param {Emulator} emulator
 * @param {string} temp
 * @param {boolean} folded show only the titles of groups, as the runner does
 * @returns {Promise<Step>}
 */
async function step(action, inputs, emulator, temp, folded = true) {
  const output = path.join(temp, `${action}-output`);
  const given = { config: 'agent-gateway.yaml', access_token: 'demo-token', ...inputs };
  const env = {
    PATH: process.env['PATH'],
    ...emulator.env,
    ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
    GITHUB_WORKSPACE: WORLD,
    GITHUB_OUTPUT: output,
    RUNNER_TEMP: temp,
  };
  await writeFile(output, '');
  const main = path.join(ROOT, 'dist', action, 'index.js');
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) show(line, folded);
  const exitCode = await new Promise((resolve) => {
    if (child.exitCode === null) child.once('close', resolve);
    else resolve(child.exitCode);
  });
  return { exitCode, outputs: parseOutputs(await readFile(output, 'utf8')) };
}

/**
 * @param {string} text what the toolkit writes: `name<<delimiter`, the value, `delimiter`
 * @returns {Record<string, string>}
 */
function parseOutputs(text) {
  return Object.fromEntries(
    [...text.matchAll(/^(\w+)<<(\S+)\n([\s\S]*?)\n\2$/gm)].map(([, name, , value]) => [name, value]),
  );
}

/** @param {string} title */
function chapter(title) {
  console.log(`\n\u2501\u2501 ${title} ${'\u2501'.repeat(Math.max(0, 96 - title.length))}\n`);
}

/**
 * @param {unknown} condition
 * @param {string} what what the demo just promised
 */
function expect(condition, what) {
  if (!condition) throw new Error(`the demo did not go as told: ${what}`);
}

/**
 * @param {Emulator} emulator
 * @param {string} temp
 */
async function tell(emulator, temp) {
  console.log('A fleet of three agents, an egress and an ingress gateway, and another team in the same registry.');
  console.log('Google is an emulator on this machine; the config is emulator/worlds/demo/agent-gateway.yaml.');

  chapter('1. plan: what would change? Nothing is written.');
  const planned = await step('plan', {}, emulator, temp, false);
  expect(planned.exitCode === 0 && planned.outputs['changes'] === 'true', 'the plan has changes');

  chapter('2. apply: register, grant, bind, and read back');
  const digest = planned.outputs['plan_digest'] ?? '';
  const applied = await step('apply', { plan_digest: digest, propagation_wait: '0' }, emulator, temp);
  const engines = JSON.parse(applied.outputs['engines'] ?? '[]');
  expect(applied.exitCode === 0, 'apply succeeds');
  expect(engines.length === 3 && engines.every((/** @type {any} */ e) => e.egress !== null), 'three engines are bound');

  chapter('3. plan again: nothing is left to do');
  const again = await step('plan', {}, emulator, temp);
  expect(again.exitCode === 0 && again.outputs['changes'] === 'false', 'a second plan has no changes');

  chapter('4. somebody redeploys "Support agent" with another tool: its agentGatewayConfig is null');
  const support = engines.find((/** @type {any} */ engine) => engine.displayName === 'Support agent');
  const id = support.name.split('/').pop();
  const cleared = await fetch(`${emulator.url}/_emulator/engines/${id}/binding`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: 'null',
  });
  expect(cleared.ok, 'the binding is taken away');
  console.log('The engine runs, no pipeline is red, and nothing it sends passes the gateway any more.');

  chapter('5. verify: the scheduled check catches it');
  const verified = await step('verify', {}, emulator, temp);
  expect(verified.exitCode === 1 && verified.outputs['failure_reason'] === 'changes-found', 'verify catches the null');
  console.log(
    '\nverify failed with failure_reason "changes-found", as it should. `apply` would bind the engine again.',
  );
}

const temp = await mkdtemp(path.join(tmpdir(), 'bind-agent-gateway-demo-'));
const emulator = await startEmulator();
try {
  await tell(emulator, temp);
} finally {
  emulator.stop();
  await rm(temp, { recursive: true, force: true });
}
