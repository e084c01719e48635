// What a run may take: requests, round trips and memory, from the size of the fleet alone.

/**
 * @typedef {import('./sizes.js').Size} Size
 * @typedef {{ engineUpdateMs: number, serviceMs: number }} Operations
 */

/** Requests that a plan's reads take one after the other: the list of engines, each engine, the policies. */
const PLAN_ROUNDS = 3;
/**
 * Requests that nobody can do without, one after the other, in a first apply: the reads of the plan; create a service, look at
 * its operation, read its endpoint ID, read its policy, write it; write the engine, look at its operation, read its binding.
 */
const APPLY_ROUNDS = PLAN_ROUNDS + 5 + 3;
/** Megabytes that a run of the largest fleet may take. */
const MOST_MEMORY = 256;

/**
 * The shortest possible time at this latency: every request waits only for those whose answer it needs.
 *
 * @param {number} latencyMs
 * @param {Operations} operations
 */
export function criticalPathMs(latencyMs, { engineUpdateMs, serviceMs }) {
  return APPLY_ROUNDS * latencyMs + engineUpdateMs + serviceMs;
}

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
 * A first apply, without the looks at its operations: the reads; the last update of each engine; the permissions; per
 * endpoint that is new create, read back, read and write its policy, and per endpoint that is there a write of the policy that
 * was read; per engine a look for a running update, a fresh read, the write and the proof.
 *
 * @param {Size} size
 */
export function expectedApply(size) {
  const isThere = size.others !== undefined;
  return expectedReads(size, isThere) + size.engines + 1 + (isThere ? 1 : 4) * size.endpoints + 4 * size.engines;
}

/**
 * The most looks at the operations of a first apply: a fifth of a second after the start of each, then twice as late each time, then
 * every half second (operations here are shorter than the ten seconds after which pauses grow further).
 *
 * @param {Size} size
 * @param {Operations} operations
 */
export function mostPolls({ engines, endpoints, others }, { engineUpdateMs, serviceMs }) {
  return engines * pollsOf(engineUpdateMs) + (others === undefined ? endpoints * pollsOf(serviceMs) : 0);
}

/** @param {number} operationMs */
function pollsOf(operationMs) {
  let polls = 1;
  // A timer and the emulator's clock may differ by a moment.
  for (let at = 200; at < operationMs + 20; at += Math.min(at, 500)) polls += 1;
  return polls;
}

/**
 * @param {Size} size
 * @param {Pick<import('./report.js').Row, 'latencyMs' | 'plan' | 'apply' | 'noChange'>} row
 * @param {Operations} operations
 * @returns {string[]} what took other requests than it should, or more memory
 */
export function problemsOf(size, { latencyMs, plan, apply, noChange }, operations) {
  /** @type {string[]} */
  const problems = [];
  const check = (/** @type {boolean} */ isRight, /** @type {string} */ problem) => {
    if (!isRight) problems.push(`${size.name}, ${latencyMs} ms: ${problem}`);
  };
  const [requests, reads, polls] = [expectedApply(size), expectedReads(size, true), mostPolls(size, operations)];
  const applied = apply.requests - apply.polls;
  check(applied === requests, `apply took ${applied} requests instead of ${requests}`);
  check(apply.polls <= polls, `apply looked at operations ${apply.polls} times, not ${polls} at most`);
  check(noChange.requests === reads, `plan without changes took ${noChange.requests} requests instead of ${reads}`);
  for (const [name, { memoryMb }] of Object.entries({ plan, apply, 'plan without changes': noChange })) {
    check(memoryMb <= MOST_MEMORY, `${name} took ${memoryMb} MB, not ${MOST_MEMORY} at most`);
  }
  return problems;
}
