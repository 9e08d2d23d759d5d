import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createSandboxClient, type SandboxClient } from '../../bench/clients/sandbox.ts';
import { parseTarget, type Target } from '../../bench/stack/target.ts';
import { ANY_PORTS } from '../../src/local/stack-options.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { providerTimeoutMs } from './rest.ts';

export interface FaultStack {
  readonly stack: Stack;
  readonly target: Target;
  readonly sandbox: SandboxClient;
  readonly database: pg.Pool;
  /** Whatever is to be kept of a run that fails goes here. */
  readonly stateDir: string;
}

export interface Ran {
  readonly seconds: number;
  /** Where the logs and histories stayed; null when all went well. */
  readonly keptIn: string | null;
}

/**
 * A stack of its own from an empty database, for one run. It ends with the run; its state stays where anything was wrong.
 *
 * @param input.name Of its directory: `plinto-<name>-…`.
 */
export async function onFaultStack<Result extends { readonly faults: readonly string[] }>(
  input: { readonly name: string; readonly env?: Readonly<Record<string, string>> },
  run: (at: FaultStack) => Promise<Result>,
): Promise<Result & Ran> {
  const startMs = Date.now();
  const stateDir = mkdtempSync(join(tmpdir(), `plinto-${input.name}-`));
  let isClean = false;
  const stack = await startStack({
    ...{ stateDir, ports: ANY_PORTS, ownServers: true, throwaway: true, maxRestartDelayMs: 1_000 },
    env: {
      ...{ PROVIDER_TIMEOUT_MS: String(providerTimeoutMs), LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '1000000' },
      ...input.env,
    },
  });
  const target = parseTarget(stack.devFile());
  const database = new pg.Pool({ connectionString: target.database_url, max: 3 });
  try {
    const result = await run({ stack, target, sandbox: createSandboxClient(target), database, stateDir });
    isClean = result.faults.length === 0;
    const seconds = Math.round((Date.now() - startMs) / 1_000);
    return { ...result, seconds, keptIn: isClean ? null : stateDir };
  } finally {
    await database.end();
    await stack.stop();
    if (isClean) rmSync(stateDir, { recursive: true, force: true });
  }
}
