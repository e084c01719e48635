// What the figures say: the critical path and the expected number of requests of a run, and the tables.

/**
 * @typedef {import('./sizes.js').Size} Size
 * @typedef {import('./measure.js').Measured} Measured
 * @typedef {{ size: Size, latencyMs: number, plan: Measured, apply: Measured, noChange: Measured, serial?: Measured, parallel?: Measured }} Row
 */

/** Requests that a plan's reads take one after the other: the list, the engines, the policies. */
const PLAN_ROUNDS = 3;
/**
 * Requests of a first apply one after the other, besides the polls of operations: the reads of the plan; the permissions;
 * create a service, read it, read its policy, write it; look for a running update, read the engine, write it; and read the
 * binding.
 */
const APPLY_ROUNDS = PLAN_ROUNDS + 1 + 4 + 3 + 1;

/**
 * The shortest possible time at this latency: every request waits only for those whose answer it needs.
 *
 * @param {number} latencyMs
 * @param {{ engineUpdateMs: number, serviceMs: number }} operations
 */
export function criticalPathMs(latencyMs, operations) {
  // The end of each of the two operations is seen by one poll.
  return (APPLY_ROUNDS + 2) * latencyMs + operations.engineUpdateMs + operations.serviceMs;
}

/** @param {number} latencyMs */
export const planPathMs = (latencyMs) => PLAN_ROUNDS * latencyMs;

/**
 * What exists is read once: one page of engines and of services, the gateway, the project, the authorization policies and
 * their extension, each engine, the registry-wide policy, and one policy per endpoint that is there.
 *
 * @param {Size} size
 * @param {boolean} registered
 */
export function expectedReads({ engines, endpoints }, registered) {
  return 6 + engines + 1 + (registered ? endpoints : 0);
}

/**
 * A first apply, without the polls of its operations: the reads; the last update of each engine; the permissions; per
 * endpoint create, read back, read and write its policy; per engine two looks for a running update and at the engine, one
 * write, one proof.
 *
 * @param {Size} size
 */
export function expectedApply(size) {
  return expectedReads(size, false) + size.engines + 1 + 4 * size.endpoints + 4 * size.engines;
}

/**
 * @param {readonly Row[]} rows
 * @param {{ engineUpdateMs: number, serviceMs: number }} operations
 * @returns {string} Markdown
 */
export function tables(rows, operations) {
  return [
    '### First apply',
    '',
    table(
      [
        'Fleet',
        'Latency',
        'This action',
        'Critical path',
        'Requests',
        'of these polls',
        'Chain',
        'Memory',
        'Script',
        'Parallel script',
      ],
      rows.map(({ size, latencyMs, apply, serial, parallel }) => [
        size.name,
        `${latencyMs} ms`,
        seconds(apply.ms),
        `${seconds(criticalPathMs(latencyMs, operations))} (${ratio(apply.ms, criticalPathMs(latencyMs, operations))})`,
        `${apply.requests}`,
        `${apply.polls}`,
        `${apply.chain}`,
        `${Math.round(apply.memoryMb)} MB`,
        compared(serial, apply),
        compared(parallel, apply),
      ]),
    ),
    '',
    '### Plan of a fleet that is as declared',
    '',
    table(
      ['Fleet', 'Latency', 'Wall time', 'Reads one after the other', 'Requests', 'Chain', 'Memory'],
      rows.map(({ size, latencyMs, noChange }) => [
        size.name,
        `${latencyMs} ms`,
        seconds(noChange.ms),
        seconds(planPathMs(latencyMs)),
        `${noChange.requests}`,
        `${noChange.chain}`,
        `${Math.round(noChange.memoryMb)} MB`,
      ]),
    ),
  ].join('\n');
}

/**
 * @param {Measured | undefined} script
 * @param {Measured} apply
 */
function compared(script, apply) {
  if (!script) return 'not run';
  return `${seconds(script.ms)}, ${script.requests} requests: ${ratio(script.ms, apply.ms)}`;
}

/** @param {number} ms */
export const seconds = (ms) => (ms >= 100_000 ? `${Math.round(ms / 1000)} s` : `${(ms / 1000).toFixed(1)} s`);

/**
 * @param {number} a
 * @param {number} b
 */
export const ratio = (a, b) => `${(a / b).toFixed(a / b >= 10 ? 0 : 2)}x`;

/**
 * @param {readonly string[]} head
 * @param {readonly (readonly string[])[]} rows
 */
function table(head, rows) {
  /** @param {readonly string[]} cells */
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
