import { basename } from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** @typedef {Awaited<ReturnType<InstanceType<typeof TestSequencer.default>['sort']>>} Tests */

// An import gives the class itself; the types of the package are those of a `require`.
const Base = /** @type {typeof TestSequencer.default} */ (/** @type {unknown} */ (TestSequencer));

/** Suites with tests that wait for the next minute of a quota. */
const LONG = ['access-quota.test.ts'];

/** Jest begins with the largest files as long as it does not know how much time each takes; what waits longest goes before. */
export default class Sequencer extends Base {
  /**
   * @override
   * @param {Tests} tests
   * @returns {Promise<Tests>} the same, in the order in which they start
   */
  async sort(tests) {
    const sorted = await super.sort(tests);
    /** @param {{ path: string }} test */
    const isLong = ({ path }) => LONG.includes(basename(path));
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))];
  }
}
