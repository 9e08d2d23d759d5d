import { bareKind, scopeAgenda, scopeStore } from './core/account-scope.ts';
import { type Agenda, createAgenda } from './core/agenda.ts';
import { type Clock, createClock } from './core/clock.ts';
import { type Faults, createFaults } from './core/faults.ts';
import { type Ledger, createLedger } from './core/ledger.ts';
import { type Randomness, createRandomness } from './core/random.ts';
import { type Store, createStore } from './core/store.ts';
import { type RequestLog, createRequestLog } from './http/request-log.ts';
import { type Credentials, createCredentials } from './webhooks/credentials.ts';
import { type Deliveries, createDeliveries } from './webhooks/deliveries.ts';
import { type Targets, createTargets } from './webhooks/targets.ts';

/**
 * Everything the providers' stand-ins for one account share. Nothing in it knows a provider's shapes. Store, agenda,
 * ledger, keys, targets and deliveries are the account's own; clock and faults are the whole sandbox's.
 */
export interface Sandbox {
  /** `default`, or the id of an account made later. */
  account: string;
  store: Store;
  clock: Clock;
  agenda: Agenda;
  faults: Faults;
  ledger: Ledger;
  credentials: Credentials;
  targets: Targets;
  deliveries: Deliveries;
  /** The address people and clients reach this server at; known once it listens. */
  publicUrl(): string;
}

/** What all accounts have in common. */
export interface SandboxCore {
  store: Store;
  clock: Clock;
  agenda: Agenda;
  faults: Faults;
  random: Randomness;
  requests: RequestLog;
  publicUrl(): string;
}

const KEPT_KINDS: readonly string[] = [
  'sandbox/credentials',
  'sandbox/targets',
  'sandbox/clock',
  'sandbox/accounts',
  'sandbox/random',
];

/** Whether a kind, of any account, survives a reset: who we are and where events go. */
export const isKept = (kind: string): boolean => KEPT_KINDS.includes(bareKind(kind));

/** `seed` null: ids and keys are the system's; a number makes the whole run repeatable. */
export function createCore(options: {
  stateDir: string | null;
  seed: number | null;
  publicUrl: () => string;
}): SandboxCore {
  const store = createStore(options.stateDir, isKept);
  const clock = createClock(store);
  const random = createRandomness(store, options.seed);
  return {
    store,
    clock,
    agenda: createAgenda(store, clock),
    faults: createFaults(store, random.seed),
    random,
    requests: createRequestLog(),
    publicUrl: options.publicUrl,
  };
}

/** One account's view of the sandbox. */
export function openAccount(core: SandboxCore, account: string, adminToken: string | undefined): Sandbox {
  const { clock, faults, random } = core;
  const store = scopeStore(core.store, account);
  const targets = createTargets(store);
  return {
    account,
    store,
    clock,
    agenda: scopeAgenda(core.agenda, account),
    faults,
    ledger: createLedger(store, clock, account),
    credentials: createCredentials(store, { adminToken, keys: random.keys }),
    targets,
    deliveries: createDeliveries({ store, targets, faults, behaviour: random.behaviour, account }),
    publicUrl: () => core.publicUrl(),
  };
}
