import { join } from 'node:path';
import type { Print } from './child-log.ts';

export const PROCESS_NAMES = ['postgres', 'temporal', 'sandbox', 'worker', 'relay', 'api'] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

export type PortName = 'api' | 'sandbox' | 'temporalUi' | 'temporal' | 'postgres';
const PORTS: Record<PortName, { readonly variable: string; readonly usual: number }> = {
  api: { variable: 'PORT', usual: 8000 },
  sandbox: { variable: 'SANDBOX_PORT', usual: 8010 },
  temporalUi: { variable: 'TEMPORAL_UI_PORT', usual: 8233 },
  temporal: { variable: 'TEMPORAL_PORT', usual: 7233 },
  postgres: { variable: 'POSTGRES_PORT', usual: 5433 },
};
export type Ports = Readonly<Record<PortName, number>>;

/** The programs the launcher starts; it knows nothing else of them. Tests put their own in place. */
export interface Entries {
  readonly sandbox: string;
  readonly migrate: string;
  readonly seed: string;
  readonly api: string;
  readonly worker: string;
  readonly relay: string;
}

export interface StackOptions {
  readonly stateDir: string;
  /** 0 means any free port. Default: the environment, then the usual ones. */
  readonly ports?: Partial<Ports>;
  readonly processes?: readonly ProcessName[];
  /** For the children, over everything else. */
  readonly env?: Readonly<Record<string, string>>;
  readonly entries?: Partial<Entries>;
  /** Default: nothing is printed. */
  readonly print?: Print;
  readonly verbose?: boolean;
  /** Without a seed there are no keys in dev.json. Default: wherever there is an API. */
  readonly seed?: boolean;
  /** Start servers even where DATABASE_URL or TEMPORAL_ADDRESS names one: a test must not touch a developer's. */
  readonly ownServers?: boolean;
  /** Own servers, made for speed, that forget: PostgreSQL without fsync, Temporal in memory and without its UI. */
  readonly throwaway?: boolean;
  /** How long a child that keeps dying waits at most before it is started again. */
  readonly maxRestartDelayMs?: number;
  /** Ends a start that is still under way. */
  readonly signal?: AbortSignal;
}

const root = join(import.meta.dirname, '..', '..');

/**
 * For stacks that live beside others.
 *
 * @public tests and benches start such
 */
export const ANY_PORTS: Ports = { api: 0, sandbox: 0, temporalUi: 0, temporal: 0, postgres: 0 };

export const DEFAULT_ENTRIES: Entries = {
  sandbox: join(root, 'packages', 'provider-sandbox', 'src', 'main.ts'),
  migrate: join(root, 'src', 'db', 'migrate.ts'),
  seed: join(root, 'src', 'local', 'seed.ts'),
  api: join(root, 'src', 'api', 'main.ts'),
  worker: join(root, 'src', 'worker', 'main.ts'),
  relay: join(root, 'src', 'worker', 'relay.ts'),
};

export function stateDirFrom(env: NodeJS.ProcessEnv): string {
  return env['PLINTO_STATE_DIR'] ?? join(root, '.plinto');
}

export function wantedPort(name: PortName, given: Partial<Ports>, env: NodeJS.ProcessEnv): number {
  const { variable, usual } = PORTS[name];
  const text = env[variable];
  const port = given[name] ?? (text === undefined || text === '' ? usual : Number(text));
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${variable} must be a port, not "${text}"`);
  return port;
}
