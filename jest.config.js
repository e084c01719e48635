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
  // Most of the time goes into waiting for child processes, so every core gets a worker.
  maxWorkers: '100%',
  // Contract tests start child processes and real HTTP servers.
  testTimeout: 60_000,
};
