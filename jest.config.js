import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  injectGlobals: false,
  testMatch: ['**/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // Types are checked by `npm run typecheck`; here each file is only stripped of them.
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
  // Contract tests mostly wait: for child processes, and for what those wait for.
  maxWorkers: 3 * availableParallelism(),
  testSequencer: './__tests__/sequencer.js',
  // Contract tests start child processes and real HTTP servers.
  testTimeout: 60_000,
};
