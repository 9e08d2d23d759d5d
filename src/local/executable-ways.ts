import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Print } from './child-log.ts';

export interface ResolveOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly print?: Print;
  readonly signal?: AbortSignal;
  /** How long a download service may take to begin an answer. */
  readonly answerTimeoutMs?: number;
}

type WayName = 'environment' | 'path' | 'cache' | 'download' | 'build';
export interface Found {
  readonly path: string;
  readonly way: WayName;
}

/** One way to come by a program: it answers a path, or says why it has none. */
export interface Way {
  readonly name: WayName;
  /** As the final error lists it, for somebody who has to choose one. */
  readonly description: string;
  readonly attempt: () => Promise<Attempt> | Attempt;
}
export type Attempt = { readonly path: string } | { readonly reason: string };

export function cacheDir(env: NodeJS.ProcessEnv): string {
  return env['PLINTO_CACHE_DIR'] ?? join(homedir(), '.cache', 'plinto-billing');
}

/** Tries the ways in their order; the first that has the program wins. */
export async function resolveExecutable(what: string, ways: readonly Way[]): Promise<Found> {
  const failures: string[] = [];
  for (const { name, description, attempt } of ways) {
    const result = await attempt();
    if ('path' in result) return { path: result.path, way: name };
    failures.push(`  – ${description}: ${result.reason}`);
  }
  throw new Error([`${what} could not be found. Any one of these is enough:`, ...failures].join('\n'));
}
