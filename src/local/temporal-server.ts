import type { LineFilter } from './child-log.ts';
import type { ChildSpec } from './supervisor.ts';
import { acceptsConnections, waitUntil } from './wait-until.ts';

/** Those the workflows set; the worker makes sure of them too, since an existing file of the server ignores these. */
const SEARCH_ATTRIBUTES = ['Project', 'Organization', 'Provider', 'BillingStatus', 'Country', 'Kind'] as const;

/** One partition per task queue: with few pollers a task in another one is sometimes not found for seconds. */
const SETTINGS = [
  'system.enableActivityEagerExecution=true',
  'matching.numTaskqueueReadPartitions=1',
  'matching.numTaskqueueWritePartitions=1',
] as const;

export interface TemporalServerOptions {
  readonly cli: string;
  readonly port: number;
  /** Without one there is no UI. */
  readonly uiPort: number | null;
  /** Without one everything is forgotten at the end. */
  readonly databaseFile: string | null;
  readonly namespace: string;
  readonly stage: number;
}

const hideNoise: LineFilter = (line, stream) => (stream === 'stderr' ? line : null);

/** The development server, whose file survives the death of any process (`synchronous` matters to a power cut only). */
export function temporalServerSpec(options: TemporalServerOptions): ChildSpec {
  const { cli, port, uiPort, databaseFile, namespace, stage } = options;
  const pragmas = ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'];
  const place = ['--ip', '127.0.0.1', '--port', String(port), '--namespace', namespace];
  const ui = uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)];
  const store = databaseFile === null ? [] : ['--db-filename', databaseFile, ...pragmas];
  const attributes = SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]);
  const settings = SETTINGS.flatMap((setting) => ['--dynamic-config-value', setting]);
  const args = ['server', 'start-dev', ...place, ...ui, ...store, ...attributes, ...settings, '--log-level', 'error'];
  return {
    name: 'temporal',
    stage,
    command: cli,
    args,
    show: hideNoise,
    // Its port opens before the namespace exists; its greeting comes after.
    isReady: ({ signal, log }) =>
      waitUntil(
        async () =>
          log.stdout().some((line) => /Server:\s+\S+:\d+/.test(line)) && acceptsConnections('127.0.0.1', port),
        { what: 'the Temporal server', signal },
      ),
  };
}
