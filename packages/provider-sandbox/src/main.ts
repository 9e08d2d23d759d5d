#!/usr/bin/env node
import { HELP, readOptions } from './options.ts';
import { startSandbox } from './server.ts';

function fail(message: string): never {
  process.stderr.write(`plinto-provider-sandbox: ${message}\n`);
  process.exit(1);
}

function describe(error: unknown, port: number | undefined): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'EADDRINUSE') return `port ${port} is taken; choose another with --port`;
  return error.message;
}

async function main(): Promise<void> {
  const options = (() => {
    try {
      return readOptions(process.argv.slice(2), process.env);
    } catch (error) {
      return fail(describe(error, undefined));
    }
  })();
  if (options.help) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const sandbox = await startSandbox(options.start).catch((error: unknown) =>
    fail(describe(error, options.start.port)),
  );
  if (!options.quiet) {
    const token = options.start.adminToken === undefined ? ` (admin token ${sandbox.adminToken})` : '';
    process.stdout.write(`provider sandbox ready at ${sandbox.url}${token}\n`);
  }
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      void sandbox.close().then(() => process.exit(0));
    });
  }
}

await main();
