import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { createConekta } from './conekta/index.ts';
import { type Sandbox, createSandbox } from './context.ts';
import { createControlRouter } from './control/router.ts';
import { createFungies } from './fungies/index.ts';
import { mountProvider } from './http/mount.ts';
import { mountPages } from './pages/router.ts';
import { createPolar } from './polar/index.ts';
import { createStripe } from './stripe/index.ts';
import { type Dispatcher, createDispatcher } from './webhooks/dispatcher.ts';
import type { WebhookTargets } from './webhooks/targets.ts';

export interface SandboxConfig {
  polar: { base_url: string; api_key: string; webhook_secret: string };
  conekta: { base_url: string; api_key: string; webhook_public_key: string };
  stripe: { base_url: string; api_key: string; webhook_secret: string };
  fungies: { base_url: string; api_key: string; api_secret: string; webhook_secret: string };
}

export interface StartOptions {
  /** 0 takes any free port. */
  port?: number;
  /** Where the state lives; null keeps it in memory only. */
  stateDir?: string | null;
  adminToken?: string;
  webhooks?: Partial<WebhookTargets>;
  /** Default seed of faults that name none. */
  seed?: number;
  /** Multiplies the providers' waits between delivery attempts. */
  retryScale?: number;
  /** The address in links, when it differs from `http://127.0.0.1:PORT`. */
  publicUrl?: string;
}

export interface RunningSandbox {
  url: string;
  adminToken: string;
  config: SandboxConfig;
  setWebhooks(targets: Partial<WebhookTargets>): void;
  close(): Promise<void>;
}

const TICK_MS = 1000;

function configOf(sandbox: Sandbox, url: string): SandboxConfig {
  const { polar, conekta, stripe, fungies } = sandbox.credentials.current();
  return {
    polar: { base_url: `${url}/polar`, api_key: polar.apiKey, webhook_secret: polar.secret },
    conekta: { base_url: `${url}/conekta`, api_key: conekta.apiKey, webhook_public_key: conekta.publicKey },
    stripe: { base_url: url, api_key: stripe.apiKey, webhook_secret: stripe.secret },
    fungies: {
      base_url: `${url}/fungies`,
      api_key: fungies.publicKey,
      api_secret: fungies.secretKey,
      webhook_secret: fungies.secret,
    },
  };
}

/** The same under the environment variables by which an application usually configures each provider. */
function withEnvironment({ polar, conekta, stripe, fungies }: SandboxConfig) {
  const key = conekta.webhook_public_key.replaceAll('\n', String.raw`\n`);
  return {
    polar: {
      ...polar,
      env: {
        POLAR_BASE_URL: polar.base_url,
        POLAR_ACCESS_TOKEN: polar.api_key,
        POLAR_WEBHOOK_SECRET: polar.webhook_secret,
        POLAR_SANDBOX: 'true',
      },
    },
    conekta: {
      ...conekta,
      env: {
        CONEKTA_BASE_URL: conekta.base_url,
        CONEKTA_API_KEY: conekta.api_key,
        CONEKTA_WEBHOOK_PUBLIC_KEY: key,
        CONEKTA_SANDBOX: 'true',
      },
    },
    stripe: {
      ...stripe,
      env: {
        STRIPE_BASE_URL: stripe.base_url,
        STRIPE_SECRET_KEY: stripe.api_key,
        STRIPE_WEBHOOK_SECRET: stripe.webhook_secret,
      },
    },
    fungies: {
      ...fungies,
      env: {
        FUNGIES_BASE_URL: fungies.base_url,
        FUNGIES_STORE_URL: `${fungies.base_url}/store`,
        FUNGIES_PUBLIC_KEY: fungies.api_key,
        FUNGIES_SECRET_KEY: fungies.api_secret,
        FUNGIES_WEBHOOK_SECRET: fungies.webhook_secret,
        FUNGIES_SANDBOX: 'true',
      },
    },
  };
}

function createApp(sandbox: Sandbox, dispatcher: Dispatcher, config: () => object): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const polar = createPolar(sandbox);
  const conekta = createConekta(sandbox);
  const fungies = createFungies(sandbox);
  const stripe = createStripe(sandbox);
  // Stripe last: it has the root, and answers for every path that is nobody's.
  const desks = [polar, conekta, fungies, stripe];
  const cashiers = {
    polar: polar.cashier,
    conekta: conekta.cashier,
    fungies: fungies.cashier,
    stripe: stripe.cashier,
  };
  app.use('/_sandbox', createControlRouter({ sandbox, dispatcher, cashiers, config }));
  mountPages(
    app,
    sandbox,
    desks.map(({ checkoutPath: path, cashier }) => ({ path, cashier })),
  );
  for (const { api } of desks) mountProvider(app, sandbox, api);
  return app;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  return (server.address() as AddressInfo).port;
}

/** Starts every stand-in on one port of this machine. */
export async function startSandbox(options: StartOptions = {}): Promise<RunningSandbox> {
  let url = options.publicUrl ?? '';
  const sandbox = createSandbox({
    stateDir: options.stateDir ?? null,
    ...(options.adminToken === undefined ? {} : { adminToken: options.adminToken }),
    seed: options.seed ?? 1,
    publicUrl: () => url,
  });
  const { deliveries, credentials } = sandbox;
  const dispatcher = createDispatcher({ deliveries, credentials, retryScale: options.retryScale ?? 1 });
  const app = createApp(sandbox, dispatcher, () => withEnvironment(configOf(sandbox, url)));
  const server = createServer(app);
  server.keepAliveTimeout = 30_000;
  try {
    const port = await listen(server, options.port ?? 0);
    if (url === '') url = `http://127.0.0.1:${port}`;
  } catch (error) {
    sandbox.store.close();
    throw error;
  }
  if (options.webhooks) sandbox.targets.configure(options.webhooks);
  dispatcher.start();
  const ticking = setInterval(() => {
    if (sandbox.agenda.runDue() > 0) sandbox.store.commit();
  }, TICK_MS);
  ticking.unref();
  return {
    url,
    adminToken: credentials.current().adminToken,
    get config() {
      return configOf(sandbox, url);
    },
    setWebhooks(targets) {
      sandbox.targets.configure(targets);
      sandbox.store.commit();
    },
    async close() {
      clearInterval(ticking);
      await dispatcher.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      sandbox.store.close();
    },
  };
}
