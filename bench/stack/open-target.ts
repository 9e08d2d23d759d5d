import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ANY_PORTS } from '../../src/local/stack-options.ts';
import { startStack } from '../../src/local/stack.ts';
import { parseTarget, type Target } from './target.ts';

export interface OpenTarget {
  readonly target: Target;
  /** Whose stack it is, for the report. */
  readonly whose: string;
  readonly isOwn: boolean;
  close(): Promise<void>;
}

/**
 * The stack of `.plinto/dev.json` if it runs, else one of our own in a temporary directory, gone afterwards. The own one
 * looks at quiet checkouts hourly and prints no request log, so that a run measures what it sends and nothing else.
 */
export async function openTarget(options: {
  readonly isOwn: boolean;
  readonly print: (line: string) => void;
}): Promise<OpenTarget> {
  const running = options.isOwn ? null : runningTarget();
  if (running !== null)
    return { target: running, whose: 'the running stack', isOwn: false, close: async () => undefined };
  const stateDir = mkdtempSync(join(tmpdir(), 'plinto-bench-'));
  const stack = await startStack({
    stateDir,
    ports: ANY_PORTS,
    ownServers: true,
    print: options.print,
    env: { CHECKOUT_LOOK_GAPS: '1h', LOG_LEVEL: 'warn', RATE_LIMIT_PER_MINUTE: '1000000', NODE_ENV: 'production' },
  });
  return {
    target: parseTarget(stack.devFile()),
    whose: 'a stack of its own',
    isOwn: true,
    async close() {
      await stack.stop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

function runningTarget(): Target | null {
  const root = process.env['PLINTO_STATE_DIR'] ?? join(import.meta.dirname, '..', '..', '.plinto');
  try {
    const target = parseTarget(JSON.parse(readFileSync(join(root, 'dev.json'), 'utf8')));
    process.kill(target.pid, 0);
    return target;
  } catch {
    return null;
  }
}
