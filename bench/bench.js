// `npm run bench`: this action against the documented procedure as a script, on one emulator with the same latency.
//
//   npm run bench                            every size at 20, 50 and 100 ms, without the scripts: 3 minutes
//   npm run bench -- --scripts               with the scripts (needs curl and jq): an hour, most of it the serial one for 100 engines
//   npm run bench -- --size 1 --latency 50   one size at one latency; both may be given more than once
//   npm run bench -- --keep FILE             adds to what earlier runs have left in FILE, so that a long bench can be run in parts
//   npm run bench -- --write                 writes the tables into docs/performance.md
//
// It fails when a run takes other requests than it should, or more memory. Times are only shown.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureScript, measureSize, measureStartUp, OPERATIONS } from './measure.js';
import { problemsOf } from './expected.js';
import { figures } from './report.js';
import { SIZES } from './sizes.js';

/**
 * @typedef {import('./report.js').Row} Row
 * @typedef {import('./report.js').Figures} Figures
 */

/** The scripts take minutes for the large fleet, and an hour at three latencies would not tell more. */
const LARGE_SCRIPT_LATENCY = 50;

const { values } = parseArgs({
  options: {
    scripts: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    keep: { type: 'string' },
    size: { type: 'string', multiple: true, default: SIZES.map((_size, index) => `${index}`) },
    latency: { type: 'string', multiple: true, default: ['20', '50', '100'] },
  },
});

const say = (/** @type {string} */ line) => console.log(line);

/**
 * @param {import('./sizes.js').Size} size
 * @param {number} latencyMs
 * @returns {Promise<Row>}
 */
async function measure(size, latencyMs) {
  /** @type {Row} */
  const row = { size: size.name, latencyMs, ...(await measureSize(size, latencyMs)) };
  say(`${size.name}, ${latencyMs} ms: apply ${row.apply.ms} ms, plan without changes ${row.noChange.ms} ms`);
  const withScripts = values.scripts && size.others === undefined;
  if (!withScripts || (size.engines > 20 && latencyMs !== LARGE_SCRIPT_LATENCY)) return row;
  for (const kind of /** @type {const} */ (['parallel', 'serial'])) {
    row[kind] = await measureScript(size, latencyMs, kind);
    say(`${size.name}, ${latencyMs} ms: ${kind} script ${row[kind].ms} ms`);
  }
  return row;
}

/** @returns {Figures} */
function kept() {
  if (values.keep === undefined || !existsSync(values.keep)) return { rows: [] };
  return JSON.parse(readFileSync(values.keep, 'utf8'));
}

/** @param {string} text Markdown */
function writeDocs(text) {
  const file = new URL('../docs/performance.md', import.meta.url);
  const [before, rest] = readFileSync(file, 'utf8').split('<!-- figures:start -->');
  const after = rest?.split('<!-- figures:end -->')[1];
  const block = `\n\n<!-- prettier-ignore-start -->\n${text}\n<!-- prettier-ignore-end -->\n\n`;
  writeFileSync(file, `${before}<!-- figures:start -->${block}<!-- figures:end -->${after}`);
}

const all = kept();
/** @type {string[]} */
const problems = [];
for (const index of values.size) {
  const size = SIZES[Number(index)];
  if (!size) throw new Error(`There is no size ${index}.`);
  for (const latency of values.latency.map(Number)) {
    const row = await measure(size, latency);
    problems.push(...problemsOf(size, row, OPERATIONS));
    const earlier = all.rows.find((other) => other.size === row.size && other.latencyMs === row.latencyMs);
    all.rows = [...all.rows.filter((other) => other !== earlier), { ...earlier, ...row }];
    if (values.keep !== undefined) writeFileSync(values.keep, JSON.stringify(all));
  }
}
const rank = (/** @type {Row} */ { size, latencyMs }) => SIZES.findIndex(({ name }) => name === size) * 1e6 + latencyMs;
all.rows.sort((a, b) => rank(a) - rank(b));
all.startUp = await measureStartUp();
if (values.keep !== undefined) writeFileSync(values.keep, JSON.stringify(all));
const text = figures(all, `${cpus().length} cores, Node.js ${process.version}`, OPERATIONS);
say(`\n${text}`);
if (values.write) writeDocs(text);
if (problems.length > 0) {
  console.error(`\n${problems.join('\n')}`);
  process.exitCode = 1;
}
