import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // An Output in a template string would otherwise become an error-message string, and the test would pass.
    env: { PULUMI_ERROR_OUTPUT_STRING: '1' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
