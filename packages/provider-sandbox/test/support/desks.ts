import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { type Account, createAccounts } from '../../src/accounts.ts';
import { createCore } from '../../src/context.ts';
import { createControlRouter } from '../../src/control/router.ts';
import type { ProviderId } from '../../src/core/types.ts';
import { mountPortals } from '../../src/pages/portal-router.ts';
import type { ProviderDesk } from '../../src/provider-desk.ts';

export const ADMIN_TOKEN = 'admin-token-of-a-test';

export interface DeskServer {
  url: string;
  account: Account;
  close(): Promise<void>;
}

/** The control interface and the pages over desks a test gives, in place of the providers' own. */
export async function startWithDesks(desks: Partial<Record<ProviderId, Partial<ProviderDesk>>>): Promise<DeskServer> {
  const core = createCore({ stateDir: null, seed: null, publicUrl: () => 'http://sandbox.example' });
  const accounts = createAccounts(core, { adminToken: ADMIN_TOKEN, retryScale: 0 });
  for (const [provider, desk] of Object.entries(desks))
    Object.assign(accounts.standard.desks[provider as ProviderId], desk);
  const app = express();
  app.use('/_sandbox', createControlRouter({ core, accounts }));
  mountPortals(app, accounts);
  const server: Server = createServer((request, response) => void app(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    account: accounts.standard,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      core.store.close();
    },
  };
}
