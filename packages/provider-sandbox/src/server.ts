import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { type SandboxConfig, configOf } from './account-config.ts';
import { type Accounts, type NewAccount, createAccounts } from './accounts.ts';
import { type SandboxCore, createCore } from './context.ts';
import { createControlRouter } from './control/router.ts';
import { withIdsFrom } from './core/ids.ts';
import { mountProvider } from './http/mount.ts';
import { mountPortals } from './pages/portal-router.ts';
import { mountPages } from './pages/router.ts';
import type { WebhookTargets } from './webhooks/targets.ts';

export interface StartOptions {
  /** 0 takes any free port. */
  port?: number;
  /** Where the state lives; null keeps it in memory only. */
  stateDir?: string | null;
  adminToken?: string;
  /** Where the default account's events go. */
  webhooks?: Partial<WebhookTargets>;
  /** Makes a run repeatable: ids, keys, secrets, jitter and faults. Without it ids and keys are random, the rest is not. */
  seed?: number;
  /** Multiplies the providers' waits between delivery attempts. */
  retryScale?: number;
  /** The address in links, when it differs from `http://127.0.0.1:PORT`. */
  publicUrl?: string;
}

/** Another merchant's accounts at the four providers. */
export interface SandboxAccount {
  id: string;
  name: string;
  config: SandboxConfig;
}

export interface RunningSandbox {
  url: string;
  adminToken: string;
  /** Of the default account. */
  config: SandboxConfig;
  setWebhooks(targets: Partial<WebhookTargets>): void;
  createAccount(input?: NewAccount): SandboxAccount;
  close(): Promise<void>;
}

const TICK_MS = 1000;

function createApp(core: SandboxCore, accounts: Accounts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use('/_sandbox', createControlRouter({ core, accounts }));
  mountPages(app, accounts);
  mountPortals(app, accounts);
  // Stripe last: it has the root, and answers for every path that is nobody's.
  for (const provider of ['polar', 'conekta', 'fungies', 'stripe'] as const)
    mountProvider(app, accounts, core.requests, provider);
  return app;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Starts every stand-in on one port of this machine. */
export async function startSandbox(options: StartOptions = {}): Promise<RunningSandbox> {
  let url = options.publicUrl ?? '';
  const core = createCore({ stateDir: options.stateDir ?? null, seed: options.seed ?? null, publicUrl: () => url });
  const { store, agenda, random } = core;
  const accounts = createAccounts(core, { adminToken: options.adminToken, retryScale: options.retryScale ?? 1 });
  const { sandbox } = accounts.standard;
  const app = createApp(core, accounts);
  const server = createServer((request, response) => {
    withIdsFrom(random.ids, () => void app(request, response));
  });
  server.keepAliveTimeout = 30_000;
  try {
    const port = await listen(server, options.port ?? 0);
    if (url === '') url = `http://127.0.0.1:${port}`;
  } catch (error) {
    store.close();
    throw error;
  }
  if (options.webhooks) sandbox.targets.configure(options.webhooks);
  accounts.start();
  const ticking = setInterval(() => {
    if (withIdsFrom(random.ids, () => agenda.runDue()) > 0) store.commit();
  }, TICK_MS);
  ticking.unref();
  return {
    url,
    adminToken: sandbox.credentials.current().adminToken,
    get config() {
      return configOf(sandbox);
    },
    setWebhooks(targets) {
      sandbox.targets.configure(targets);
      store.commit();
    },
    createAccount(input = {}) {
      const account = accounts.create(input);
      return { id: account.id, name: account.name, config: configOf(account.sandbox) };
    },
    async close() {
      clearInterval(ticking);
      await accounts.stop();
      await closeServer(server);
      store.close();
    },
  };
}
