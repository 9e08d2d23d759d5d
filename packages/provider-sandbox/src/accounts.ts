import type { Router } from 'express';
import { createConekta } from './conekta/index.ts';
import { type Sandbox, type SandboxCore, openAccount } from './context.ts';
import { DEFAULT_ACCOUNT } from './core/account-scope.ts';
import { base62, withIdsFrom } from './core/ids.ts';
import { PROVIDERS, type ProviderId } from './core/types.ts';
import { createFungies } from './fungies/index.ts';
import type { ApiRequest } from './http/answer.ts';
import { providerRouter } from './http/mount.ts';
import { carriedKey } from './http/carried-key.ts';
import { createPolar } from './polar/index.ts';
import type { ProviderDesk } from './provider-desk.ts';
import { createStripe } from './stripe/index.ts';
import { type Dispatcher, createDispatcher } from './webhooks/dispatcher.ts';
import type { WebhookTargets } from './webhooks/targets.ts';

/** Shorter parts of an address are words, not secrets. */
const SECRET_LENGTH = 20;

interface AccountRow {
  id: string;
  name: string;
  created_at: string;
}

/** A complete set of stand-ins, with keys of its own: what another merchant would have at the four providers. */
export interface Account {
  id: string;
  name: string;
  createdAt: string;
  sandbox: Sandbox;
  desks: Record<ProviderId, ProviderDesk>;
  /** The API of each provider, without its prefix. */
  routers: Record<ProviderId, Router>;
  dispatcher: Dispatcher;
}

export interface NewAccount {
  name?: string | undefined;
  webhooks?: Partial<WebhookTargets> | undefined;
}

export interface Accounts {
  /** The one that is always there; the others follow in order of birth. */
  standard: Account;
  all(): readonly Account[];
  get(id: string): Account | undefined;
  create(input: NewAccount): Account;
  /** Whose request that is; the default account's when nobody owns it, to be refused in the provider's manner. */
  ownerOf(provider: ProviderId, request: ApiRequest): Account;
  start(): void;
  stop(): Promise<void>;
}

function openDesks(sandbox: Sandbox): Record<ProviderId, ProviderDesk> {
  return {
    polar: createPolar(sandbox),
    conekta: createConekta(sandbox),
    fungies: createFungies(sandbox),
    stripe: createStripe(sandbox),
  };
}

function routersOf(sandbox: Sandbox, desks: Record<ProviderId, ProviderDesk>): Record<ProviderId, Router> {
  return {
    polar: providerRouter(sandbox, desks.polar.api),
    conekta: providerRouter(sandbox, desks.conekta.api),
    fungies: providerRouter(sandbox, desks.fungies.api),
    stripe: providerRouter(sandbox, desks.stripe.api),
  };
}

function keyOf({ sandbox }: Account, provider: ProviderId): string {
  const set = sandbox.credentials.current();
  return provider === 'fungies' ? set.fungies.publicKey : set[provider].apiKey;
}

/** Calls of browsers and customers carry no key of the account's, but a secret of one of its objects. */
function holderOf(
  accounts: Iterable<Account>,
  provider: ProviderId,
  request: ApiRequest,
  key: string | null,
): Account | undefined {
  const secrets = [...request.path.split('/'), key ?? ''].filter((part) => part.length >= SECRET_LENGTH);
  const knows = (find: ((secret: string) => unknown) | undefined): boolean =>
    find !== undefined && secrets.some((secret) => find(secret) !== null);
  return [...accounts].find(({ desks: { [provider]: desk } }) => {
    const { api, cashier, portal, invoices } = desk;
    if (api.owns?.(request)) return true;
    return (
      knows((secret) => cashier.find(secret)) ||
      knows(portal ? (secret) => portal.desk.find(secret) : undefined) ||
      knows(invoices ? (secret) => invoices.desk.find(secret) : undefined)
    );
  });
}

export function createAccounts(
  core: SandboxCore,
  options: { adminToken: string | undefined; retryScale: number },
): Accounts {
  const rows = core.store.collection<AccountRow>('sandbox/accounts');
  const accounts = new Map<string, Account>();
  const byKey = new Map<string, Account>();
  let isStarted = false;

  function open({ id, name, created_at: createdAt }: AccountRow, adminToken: string | undefined): Account {
    const sandbox = openAccount(core, id, adminToken);
    const { deliveries, credentials, targets } = sandbox;
    const desks = withIdsFrom(core.random.ids, () => openDesks(sandbox));
    const dispatcher = createDispatcher({ deliveries, credentials, targets, retryScale: options.retryScale });
    const account = { id, name, createdAt, sandbox, desks, routers: routersOf(sandbox, desks), dispatcher };
    accounts.set(id, account);
    for (const provider of PROVIDERS) byKey.set(`${provider} ${keyOf(account, provider)}`, account);
    if (isStarted) dispatcher.start();
    return account;
  }

  const standard = open(
    { id: DEFAULT_ACCOUNT, name: 'Default', created_at: new Date(0).toISOString() },
    options.adminToken,
  );
  const { adminToken } = standard.sandbox.credentials.current();
  for (const row of rows.all()) open(row, adminToken);
  return {
    standard,
    all: () => [...accounts.values()],
    get: (id) => accounts.get(id),
    create({ name, webhooks }) {
      const id = withIdsFrom(core.random.keys, () => `acc_${base62(16)}`);
      const row = { id, name: name ?? `Account ${accounts.size + 1}`, created_at: core.clock.nowIso() };
      const account = open(rows.put(row), adminToken);
      if (webhooks) account.sandbox.targets.configure(webhooks);
      core.store.commit();
      return account;
    },
    ownerOf(provider, request) {
      const key = carriedKey(provider, request);
      const known = key === null ? undefined : byKey.get(`${provider} ${key}`);
      return known ?? (accounts.size > 1 ? holderOf(accounts.values(), provider, request, key) : undefined) ?? standard;
    },
    start() {
      isStarted = true;
      for (const { dispatcher } of accounts.values()) dispatcher.start();
    },
    async stop() {
      await Promise.all([...accounts.values()].map(({ dispatcher }) => dispatcher.stop()));
    },
  };
}
