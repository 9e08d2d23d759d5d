import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseTarget, type Target } from '../../bench/stack/target.ts';
import { ANY_PORTS } from '../../src/local/stack-options.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';

/** A whole system of its own for one run of faults: what dies is started again within a second. */
export async function startFaultStack(
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly stack: Stack; readonly target: Target; readonly stateDir: string }> {
  const stateDir = mkdtempSync(join(tmpdir(), `plinto-${name}-`));
  const stack = await startStack({
    ...{ stateDir, ports: ANY_PORTS, ownServers: true, throwaway: true, maxRestartDelayMs: 1_000 },
    env: { LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '1000000', ...env },
  });
  return { stack, target: parseTarget(stack.devFile()), stateDir };
}
