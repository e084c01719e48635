// The figures as Markdown.
import { criticalPathMs } from './expected.js';

/**
 * @typedef {import('./measure.js').Measured} Measured
 * @typedef {{ size: string, latencyMs: number, plan: Measured, apply: Measured, noChange: Measured, serial?: Measured, parallel?: Measured }} Row
 * @typedef {{ emptyMs: number, firstRequestMs: number }} StartUp
 * @typedef {{ rows: Row[], startUp?: StartUp }} Figures
 */

/**
 * @param {Figures} figures
 * @param {string} machine
 * @param {import('./expected.js').Operations} operations
 * @returns {string} Markdown
 */
export function figures({ rows, startUp }, machine, operations) {
  return [
    `Measured on ${machine}; operations of ${operations.engineUpdateMs / 1000} s (engine) and ${operations.serviceMs / 1000} s (service).`,
    ...(startUp ? ['', startUpLine(startUp)] : []),
    '',
    '### First apply',
    '',
    applyTable(rows, operations),
    '',
    '### First apply, compared with the procedure as a script',
    '',
    scriptTable(rows.filter(({ serial, parallel }) => serial ?? parallel)),
    '',
    '### Plan of a fleet that is as declared',
    '',
    planTable(rows),
  ].join('\n');
}

/** @param {StartUp} startUp */
function startUpLine({ emptyMs, firstRequestMs }) {
  return `Start-up: the first request arrives ${firstRequestMs} ms after the start of the process, ${firstRequestMs - emptyMs} ms more than an empty Node.js process takes in all (${emptyMs} ms).`;
}

/**
 * @param {readonly Row[]} rows
 * @param {import('./expected.js').Operations} operations
 */
function applyTable(rows, operations) {
  const head = ['Fleet', 'Latency', 'This action', 'Critical path', 'Ratio', 'Requests', 'Polls', 'Chain', 'Memory'];
  return table(
    head,
    rows.map(({ size, latencyMs, apply }) => {
      const shortest = criticalPathMs(latencyMs, operations);
      return [
        size,
        `${latencyMs} ms`,
        seconds(apply.ms),
        seconds(shortest),
        ratio(apply.ms, shortest),
        `${apply.requests - apply.polls}`,
        `${apply.polls}`,
        `${apply.chain}`,
        `${apply.memoryMb} MB`,
      ];
    }),
  );
}

/** @param {readonly Row[]} rows */
function scriptTable(rows) {
  if (rows.length === 0) return 'Not run.';
  const head = ['Fleet', 'Latency', 'This action', 'Script', 'Requests', 'Ratio', 'Parallel script', 'Ratio'];
  return table(
    head,
    rows.map(({ size, latencyMs, apply, serial, parallel }) => [
      size,
      `${latencyMs} ms`,
      seconds(apply.ms),
      ...(serial ? [seconds(serial.ms), `${serial.requests}`, ratio(serial.ms, apply.ms)] : ['not run', '', '']),
      ...(parallel ? [seconds(parallel.ms), ratio(parallel.ms, apply.ms)] : ['not run', '']),
    ]),
  );
}

/** @param {readonly Row[]} rows */
function planTable(rows) {
  const head = [
    'Fleet',
    'Latency',
    'Whole process',
    'From the first request on',
    'Chain',
    'Ratio',
    'Requests',
    'Memory',
  ];
  return table(
    head,
    rows.map(({ size, latencyMs, noChange }) => [
      size,
      `${latencyMs} ms`,
      seconds(noChange.ms),
      seconds(noChange.ms - noChange.firstRequestMs),
      `${noChange.chain} (${noChange.chain * latencyMs} ms)`,
      ratio(noChange.ms - noChange.firstRequestMs, noChange.chain * latencyMs),
      `${noChange.requests}`,
      `${noChange.memoryMb} MB`,
    ]),
  );
}

/** @param {number} ms */
const seconds = (ms) =>
  ms >= 100_000 ? `${Math.round(ms / 1000)} s` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

/**
 * @param {number} a
 * @param {number} b
 */
const ratio = (a, b) => `${(a / b).toFixed(a / b >= 10 ? 0 : 2)}x`;

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
