import { defineConfig } from 'vitest/config';

const postgres = 'test/support/servers/global-postgres.ts';

const project = (name: string, include: string[], globalSetup: string[] = [], fileParallelism = true) => ({
  extends: true as const,
  test: { name, include, globalSetup, fileParallelism },
});

const unit = project('unit', ['test/unit/**/*.test.ts']);

export default defineConfig({
  test: {
    // Temporal's native core crashes when several files share threads: processes only.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      // Nothing there is mocked by module or global, so files may share a process: loading the code again and again is
      // half of the time.
      { ...unit, test: { ...unit.test, isolate: false } },
      project('packages', ['packages/*/test/**/*.test.ts']),
      project('workflow', ['test/workflow/**/*.test.ts', 'test/replay/**/*.test.ts']),
      project('contract', ['test/contract/**/*.test.ts']),
      project('database', ['test/integration/db/**/*.test.ts', 'test/integration/api/**/*.test.ts'], [postgres]),
      project('integration', ['test/integration/*.test.ts'], [], false),
      project('browser', ['test/browser/**/*.test.ts'], [], false),
      project('chaos', ['test/chaos/**/*.test.ts'], [], false),
      project('faults', ['test/faults/**/*.test.ts', 'test/usage-faults/**/*.test.ts'], [], false),
      // By hand until it ends green: npm run migration-faults.
      project('migration-faults', ['test/migration-faults/**/*.test.ts'], [], false),
    ],
  },
});
