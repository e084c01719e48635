import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  injectGlobals: false,
  testMatch: ['**/__tests__/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      'ts-jest',
      {
        useESM: true,
        // Types are checked by `npm run typecheck`; here each file is only stripped of them.
        tsconfig: {
          rootDir: '.',
          target: 'es2023',
          module: 'esnext',
          moduleResolution: 'bundler',
          isolatedModules: true,
          esModuleInterop: true,
        },
      },
    ],
  },
  // Contract tests mostly wait: for child processes, and for what those wait for.
  maxWorkers: 2 * availableParallelism(),
  testSequencer: './__tests__/sequencer.js',
  // Contract tests start child processes and real HTTP servers.
  testTimeout: 60_000,
};
