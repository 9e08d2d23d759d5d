import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express } from 'express';
import { createConektaApi } from './conekta/api.ts';
import { createConektaCashier } from './conekta/cashier.ts';
import { createConektaContext } from './conekta/context.ts';
import { type Sandbox, createSandbox } from './context.ts';
import { createControlRouter } from './control/router.ts';
import { mountProvider } from './http/mount.ts';
import { mountPages } from './pages/router.ts';
import { createPolarApi } from './polar/api.ts';
import { createPolarCashier } from './polar/cashier.ts';
import { createPolarContext } from './polar/context.ts';
import { createStripeApi } from './stripe/api.ts';
import { createStripeCashier } from './stripe/cashier.ts';
import { createStripeContext } from './stripe/context.ts';
import { type Dispatcher, createDispatcher } from './webhooks/dispatcher.ts';
import type { WebhookTargets } from './webhooks/targets.ts';

export interface SandboxConfig {
  polar: { base_url: string; api_key: string; webhook_secret: string };
  conekta: { base_url: string; api_key: string; webhook_public_key: string };
  stripe: { base_url: string; api_key: string; webhook_secret: string };
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
  const { polar, conekta, stripe } = sandbox.credentials.current();
  return {
    polar: { base_url: `${url}/polar`, api_key: polar.apiKey, webhook_secret: polar.secret },
    conekta: { base_url: `${url}/conekta`, api_key: conekta.apiKey, webhook_public_key: conekta.publicKey },
    stripe: { base_url: url, api_key: stripe.apiKey, webhook_secret: stripe.secret },
  };
}

/** The same under the environment variables by which an application usually configures each provider. */
function withEnvironment({ polar, conekta, stripe }: SandboxConfig) {
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
  };
}

function createApp(sandbox: Sandbox, dispatcher: Dispatcher, config: () => object): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const stripe = createStripeContext(sandbox);
  const polar = createPolarContext(sandbox);
  const conekta = createConektaContext(sandbox);
  const cashiers = {
    stripe: createStripeCashier(stripe),
    polar: createPolarCashier(polar),
    conekta: createConektaCashier(conekta),
  };
  app.use('/_sandbox', createControlRouter({ sandbox, dispatcher, cashiers, config }));
  mountPages(app, sandbox, [
    { path: '/c/pay', cashier: cashiers.stripe },
    { path: '/polar/checkout', cashier: cashiers.polar },
    { path: '/conekta/checkout', cashier: cashiers.conekta },
  ]);
  mountProvider(app, sandbox, createPolarApi(polar, cashiers.polar));
  mountProvider(app, sandbox, createConektaApi(conekta));
  mountProvider(app, sandbox, createStripeApi(stripe));
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
