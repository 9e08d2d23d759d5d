import { defineConfig } from 'vitest/config';

/** Temporal's native core crashes when several files share threads: processes only. */
const forks = { pool: 'forks' as const, testTimeout: 30_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    ...forks,
    projects: [
      { extends: true, test: { ...forks, name: 'unit', include: ['test/unit/**/*.test.ts', 'packages/*/test/**/*.test.ts'] } },
      { extends: true, test: { ...forks, name: 'workflow', include: ['test/workflow/**/*.test.ts', 'test/replay/**/*.test.ts'] } },
      { extends: true, test: { ...forks, name: 'contract', include: ['test/contract/**/*.test.ts'] } },
      {
        extends: true,
        test: { ...forks, name: 'integration', include: ['test/integration/**/*.test.ts'], fileParallelism: false },
      },
    ],
  },
});
