import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../../../src/local/stack.ts';
import { ANY_PORTS, type ProcessName } from '../../../src/local/stack-options.ts';

/** Servers for one run of a test project, in a directory that goes with them. */
export async function startThrowawayServers(processes: readonly ProcessName[]) {
  const stateDir = mkdtempSync(join(tmpdir(), 'plinto-test-'));
  const print = (line: string) => {
    if (line.startsWith('…')) console.log(line);
  };
  const clean = () => rmSync(stateDir, { recursive: true, force: true });
  const stack = await startStack({ stateDir, processes, ports: ANY_PORTS, throwaway: true, print }).catch((error) => {
    clean();
    throw error;
  });
  const stop = async () => {
    await stack.stop();
    clean();
  };
  return { devFile: stack.devFile(), stop };
}
