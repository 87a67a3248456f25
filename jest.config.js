// SPDX-License-Identifier: Apache-2.0

/** One configuration for all suites; `scripts/` selects among them by path. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/scripts'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' }, sourceMaps: 'inline' },
    ],
  },
  transformIgnorePatterns: ['/node_modules/', '/generated/'],
  // Real parts start slowly on a busy machine; a test that hangs is noticed all the same.
  testTimeout: 30_000,
  watchman: false,
};
