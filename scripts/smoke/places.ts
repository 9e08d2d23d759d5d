import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSandbox } from '../../packages/provider-sandbox/src/index.ts';
import { createAccount, moduleOf, type HttpOf } from '../../src/providers/accounts.ts';
import type { ProviderAccount, WebhookInput } from '../../src/providers/port.ts';
import { createRateLimit } from './rate-limit.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where behaviours run: an account, and how it is let go. */
export interface Place {
  readonly account: ProviderAccount;
  /** What stands before the provider's own paths. */
  readonly basePath: string;
  close(): Promise<void>;
}

export interface OwnPlace extends Place {
  /** What the simulator has sent so far. */
  readonly messages: readonly WebhookInput[];
  /** Tells the simulator what to do, as its control interface has it. */
  control(path: string, body: unknown): Promise<void>;
}

/** Why a provider's real sandbox is not asked. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

const realTimeoutMs = 20_000;
const ownTimeoutMs = 5_000;

/**
 * The account that the environment's keys open.
 *
 * @throws {RefusedError} when the keys are live, by their form or by what the account says of itself, or wrong.
 */
export function realPlace(provider: string, env: Environment): Place {
  const module = moduleOf(provider);
  if (module.isLive(env)) throw new RefusedError('these keys move real money: a smoke test takes test keys only');
  const made = createAccount(provider, env, httpOf);
  if ('faults' in made) throw new RefusedError(made.faults.map((fault) => `${fault.key} ${fault.detail}`).join('; '));
  if (made.account.live) throw new RefusedError('this account is live: a smoke test takes test accounts only');
  return { account: made.account, basePath: '', close: () => Promise.resolve() };
}

/** One process without a database keeps the provider's limit by itself. */
const httpOf: HttpOf = ({ rateLimit }) => {
  const settings = { timeoutMs: realTimeoutMs };
  if (rateLimit === null) return settings;
  const limit = createRateLimit(rateLimit);
  return { ...settings, admit: () => limit.pass() };
};

/** A simulator of its own, in this process, with nothing in it. */
export async function ownPlace(provider: string): Promise<OwnPlace> {
  const messages: WebhookInput[] = [];
  const inbox = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as const);
      messages.push({ rawBody: Buffer.concat(chunks), headers: Object.fromEntries(headers) });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((done) => inbox.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(inbox.address() as AddressInfo).port}`;
  const sandbox = await startSandbox({ port: 0, stateDir: null, webhooks: { [provider]: url } });
  const config: Readonly<Record<string, Readonly<Record<string, string>> | undefined>> = { ...sandbox.config };
  const credentials = Object.entries(config[provider] ?? {}).map(
    ([key, value]) => [`${provider}_${key}`.toUpperCase(), value] as const,
  );
  const made = createAccount(provider, Object.fromEntries(credentials), () => ({ timeoutMs: ownTimeoutMs }));
  if ('faults' in made) throw new Error(`the simulator's credentials: ${JSON.stringify(made.faults)}`);
  return {
    account: made.account,
    basePath: new URL(config[provider]?.['base_url'] ?? sandbox.url).pathname.replace(/\/$/, ''),
    messages,
    async control(path, body) {
      const reply = await fetch(`${sandbox.url}/_sandbox/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${sandbox.adminToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    },
    async close() {
      await sandbox.close();
      inbox.closeAllConnections();
      await new Promise((done) => inbox.close(done));
    },
  };
}
