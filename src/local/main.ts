import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { banner } from './banner.ts';
import { AlreadyRunningError, type Stack, startStack } from './stack.ts';
import { stateDirFrom } from './stack-options.ts';
import { formatSeconds } from './steps.ts';

const usage = `npm start [-- --verbose]

Starts the whole system on this machine and keeps it running: PostgreSQL, Temporal with its UI, the provider sandbox,
the API, the worker and the relay. A child that dies is started again. Ctrl-C ends everything in order; twice, at once.

  --verbose   show every line of every child (they are always kept in .plinto/logs)
  --help      this text

Ports, the next free one if taken: PORT 8000, SANDBOX_PORT 8010, TEMPORAL_UI_PORT 8233, TEMPORAL_PORT 7233,
POSTGRES_PORT 5433. Servers of your own: DATABASE_URL, TEMPORAL_ADDRESS; your own Temporal CLI: TEMPORAL_CLI_PATH.
State is kept in .plinto (PLINTO_STATE_DIR); npm run reset empties it.`;

/** npm passes a terminal's Ctrl-C on, although the terminal has already delivered it: one press, two signals. */
const SAME_PRESS_MS = 500;

const { values } = parseArgs({ options: { verbose: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  console.log(usage);
} else {
  process.exitCode = await main(values.verbose ?? false);
}

async function main(verbose: boolean): Promise<number> {
  // Logs and stores of this machine hold keys: for their owner alone.
  process.umask(0o077);
  const startedMs = Date.now();
  const halt = new AbortController();
  let stack: Stack;
  let pressedMs = 0;
  const end = new Promise<void>((resolve) => {
    const press = () => {
      if (pressedMs === 0) {
        pressedMs = Date.now();
        console.log('\nEnding (Ctrl-C again: at once) …');
        halt.abort();
        resolve();
      } else if (Date.now() - pressedMs > SAME_PRESS_MS) {
        process.exit(130);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, press);
    onceOrphaned(press);
  });

  try {
    const stateDir = stateDirFrom(process.env);
    stack = await startStack({ stateDir, verbose, print: (line) => console.log(line), signal: halt.signal });
  } catch (error) {
    if (halt.signal.aborted) return 0;
    return explain(error);
  }
  console.log(banner(stack.devFile(), Date.now() - startedMs));
  await end;
  const endedMs = Date.now();
  await stack.stop();
  console.log(`✓ everything has ended   ${formatSeconds(Date.now() - endedMs)}`);
  return 0;
}

/**
 * A signal sent to npm alone ends npm and its shell but never reaches us: with them gone nobody can press Ctrl-C any
 * more. Started without npm there is no such shell, and a parent that ends means nothing.
 */
function onceOrphaned(end: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, 500);
  watch.unref();
}

function explain(error: unknown): number {
  if (error instanceof AlreadyRunningError) {
    const stateDir = stateDirFrom(process.env);
    const near = relative(process.cwd(), stateDir);
    const state = near.startsWith('..') ? stateDir : near;
    console.log(
      error.apiUrl === null
        ? `Another launcher is starting (it owns ${state}). Wait for it, or end it with Ctrl-C there.`
        : `Already running: ${error.apiUrl} (it owns ${state}; end it with Ctrl-C in its terminal).`,
    );
    return error.apiUrl === null ? 1 : 0;
  }
  console.error(`\n✗ ${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof Error && error.cause instanceof Error) console.error(`  because: ${error.cause.message}`);
  return 1;
}
