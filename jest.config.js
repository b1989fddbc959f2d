/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.js',
  globalTeardown: '<rootDir>/test/support/global-teardown.js',
  setupFiles: ['<rootDir>/test/support/metadata.ts'],
  // Some tests ask hundreds of things one after the other; what never comes is found by `waitFor`.
  testTimeout: 60_000,
  maxWorkers: 2,
  // What jest leaves of a file's modules is let go of with the worker.
  workerIdleMemoryLimit: '1.5GB',
};
