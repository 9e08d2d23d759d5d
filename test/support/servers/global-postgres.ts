import type { TestProject } from 'vitest/node';
import { startThrowawayServers } from './throwaway-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server's own `postgres` database; tests make theirs with `createDatabase`. */
    readonly postgresUrl: string;
  }
}

/** `globalSetup` of a project whose tests need PostgreSQL: one server for all its files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { devFile, stop } = await startThrowawayServers(['postgres']);
  const url = new URL(devFile.database_url ?? '');
  url.pathname = '/postgres';
  project.provide('postgresUrl', url.href);
  return stop;
}
