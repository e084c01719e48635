// `npm run bench`: this action against the documented procedure as a script, on one emulator with the same latency.
//
//   npm run bench                      all sizes, 20, 50 and 100 ms, without the scripts
//   npm run bench -- --scripts         with the scripts, which take most of an hour (needs curl and jq)
//   npm run bench -- --size 1 --latency 50
//   npm run bench -- --write           writes the tables into docs/performance.md
//
// It fails when a run takes other requests than it should. Times are only shown.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { OPERATIONS, runAction, runScript, startWorld } from './measure.js';
import { criticalPathMs, expectedApply, expectedReads, planPathMs, ratio, seconds, tables } from './report.js';
import { SIZES } from './sizes.js';

const { values } = parseArgs({
  options: {
    scripts: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    size: { type: 'string', multiple: true, default: ['0', '1', '2'] },
    latency: { type: 'string', multiple: true, default: ['20', '50', '100'] },
  },
});

/** @type {string[]} */
const wrong = [];

/**
 * @param {string} what
 * @param {number} found
 * @param {number} expected
 */
function expectCount(what, found, expected) {
  if (found !== expected) wrong.push(`${what}: ${found} requests instead of ${expected}`);
}

/** @param {readonly string[]} parts */
const say = (...parts) => console.log(parts.join('  '));

/**
 * @param {import('./sizes.js').Size} size
 * @param {number} latencyMs
 * @returns {Promise<import('./report.js').Row>}
 */
async function measure(size, latencyMs) {
  const label = `${size.name}, ${latencyMs} ms`;
  const emulator = await startWorld(size);
  try {
    const plan = await runAction(emulator, 'plan', size, latencyMs);
    const apply = await runAction(emulator, 'apply', size, latencyMs);
    say(
      label,
      `apply ${seconds(apply.ms)}`,
      `${ratio(apply.ms, criticalPathMs(latencyMs, OPERATIONS))} of the critical path`,
    );
    const noChange = await runAction(emulator, 'plan', size, latencyMs);
    say(label, `no change ${seconds(noChange.ms)}`, `reads alone ${seconds(planPathMs(latencyMs))}`);
    expectCount(`${label}, apply`, apply.requests - apply.polls, expectedApply(size));
    expectCount(`${label}, no change`, noChange.requests, expectedReads(size, true));
    return { size, latencyMs, plan, apply, noChange };
  } finally {
    await emulator.close();
  }
}

/**
 * @param {import('./sizes.js').Size} size
 * @param {number} latencyMs
 * @param {'serial' | 'parallel'} kind
 */
async function measureScript(size, latencyMs, kind) {
  const emulator = await startWorld(size);
  try {
    const measured = await runScript(emulator, kind, size, latencyMs);
    say(`${size.name}, ${latencyMs} ms`, `${kind} script ${seconds(measured.ms)}`, `${measured.requests} requests`);
    return measured;
  } finally {
    await emulator.close();
  }
}

/** Start-up until the first request could leave, compared with a Node.js that does nothing. */
function startUp() {
  /** @param {readonly string[]} args */
  const median = (args) => {
    const times = Array.from({ length: 15 }, () => {
      const start = performance.now();
      execFileSync(process.execPath, args, { stdio: 'ignore', env: { PATH: process.env['PATH'] } });
      return performance.now() - start;
    });
    return times.sort((a, b) => a - b)[7] ?? 0;
  };
  const loaded = new URL('../dist/shared/index.js', import.meta.url).href;
  const empty = median(['-e', '0']);
  return { empty, loaded: median(['--input-type=module', '-e', `await import(${JSON.stringify(loaded)})`]) };
}

const rows = [];
for (const index of values.size) {
  const size = SIZES[Number(index)];
  if (!size) throw new Error(`There is no size ${index}.`);
  for (const latency of values.latency.map(Number)) {
    const row = await measure(size, latency);
    if (values.scripts) {
      row.parallel = await measureScript(size, latency, 'parallel');
      row.serial = await measureScript(size, latency, 'serial');
    }
    rows.push(row);
  }
}
const { empty, loaded } = startUp();
const machine = `${cpus().length} cores, Node.js ${process.version}; operations of ${OPERATIONS.engineUpdateMs / 1000} s (engine) and ${OPERATIONS.serviceMs / 1000} s (service)`;
const text = [
  `Measured on ${machine}. Start-up: ${Math.round(loaded)} ms, of which Node.js itself takes ${Math.round(empty)} ms.`,
  '',
  tables(rows, OPERATIONS),
].join('\n');
say(`\n${text}`);
if (values.write) {
  const file = new URL('../docs/performance.md', import.meta.url);
  const [before, rest] = readFileSync(file, 'utf8').split('<!-- figures:start -->');
  const after = rest?.split('<!-- figures:end -->')[1];
  writeFileSync(
    file,
    `${before}<!-- figures:start -->\n\n<!-- prettier-ignore-start -->\n${text}\n<!-- prettier-ignore-end -->\n\n<!-- figures:end -->${after}`,
  );
}
if (wrong.length > 0) {
  console.error(`\n${wrong.join('\n')}`);
  process.exitCode = 1;
}
