import { join } from 'node:path';
import { type Stack, startStack } from '../../../src/local/stack.ts';
import { ANY_PORTS, type StackOptions } from '../../../src/local/stack-options.ts';

export const fixture = (name: string) => join(import.meta.dirname, 'fixtures', name);

/** A whole stack of stand-ins: no database, no Temporal. */
export function startFixtureStack(
  stateDir: string,
  journal: string,
  options: Partial<StackOptions> = {},
): Promise<Stack> {
  return startStack({
    stateDir,
    ports: ANY_PORTS,
    processes: ['sandbox', 'api', 'worker', 'relay'],
    entries: {
      sandbox: fixture('sandbox.ts'),
      api: fixture('api.ts'),
      seed: fixture('seed.ts'),
      worker: fixture('journal-worker.ts'),
      relay: fixture('journal-worker.ts'),
    },
    env: { FIXTURE_JOURNAL: journal },
    ...options,
  });
}
