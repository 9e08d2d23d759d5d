import type { TestProject } from 'vitest/node';
import { startThrowawayServers } from './throwaway-stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A development server in memory, namespace `default`, with our search attributes. */
    readonly temporalAddress: string;
  }
}

/** `globalSetup` of a project whose tests need Temporal in real time: one server for all its files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { devFile, stop } = await startThrowawayServers(['temporal']);
  project.provide('temporalAddress', devFile.temporal_address ?? '');
  return stop;
}
