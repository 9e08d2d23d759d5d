import { join } from 'node:path';
import { readJsonFile } from '../../src/local/json-file.ts';
import { startStack } from '../../src/local/stack.ts';
import { stateDirFrom } from '../../src/local/stack-options.ts';

/** What the demo needs of a running stack. */
export interface DemoStack {
  readonly api_url: string;
  readonly secret_key: string;
  readonly sandbox_url: string;
  readonly sandbox_admin_token: string;
  readonly temporal_ui_url: string;
}

const needed = ['api_url', 'secret_key', 'sandbox_url', 'sandbox_admin_token', 'temporal_ui_url'] as const;

/** Uses the stack that runs; starts one where none does, and then ends it afterwards. */
export async function attachOrStart(): Promise<{ readonly dev: DemoStack; stop(): Promise<void> }> {
  const stateDir = stateDirFrom(process.env);
  const running = asDemoStack(readJsonFile(join(stateDir, 'dev.json')));
  if (running !== null && (await isAlive(running))) return { dev: running, stop: async () => undefined };
  console.log('Nothing is running: starting the system for the demo.');
  const stack = await startStack({ stateDir, print: (line) => console.log(line) });
  const dev = asDemoStack(stack.devFile());
  if (dev === null) throw new Error('the system started, but without an API, a sandbox or the Temporal UI');
  return { dev, stop: () => stack.stop() };
}

function asDemoStack(value: object | null): DemoStack | null {
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const texts = Object.fromEntries(needed.map((key) => [key, fields[key]]));
  return Object.values(texts).every((text) => typeof text === 'string') ? (texts as unknown as DemoStack) : null;
}

async function isAlive(stack: DemoStack): Promise<boolean> {
  const response = await fetch(`${stack.api_url}/healthz`).catch(() => null);
  return response?.ok ?? false;
}
