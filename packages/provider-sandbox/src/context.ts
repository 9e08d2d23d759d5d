import { type Agenda, createAgenda } from './core/agenda.ts';
import { type Clock, createClock } from './core/clock.ts';
import { type Faults, createFaults } from './core/faults.ts';
import { type Ledger, createLedger } from './core/ledger.ts';
import { uuid } from './core/ids.ts';
import { type Store, createStore } from './core/store.ts';
import { type RequestLog, createRequestLog } from './http/request-log.ts';
import { type Credentials, createCredentials } from './webhooks/credentials.ts';
import { type Deliveries, createDeliveries } from './webhooks/deliveries.ts';
import { type Targets, createTargets } from './webhooks/targets.ts';

/** Everything the providers share. Nothing in it knows a provider's shapes. */
export interface Sandbox {
  store: Store;
  clock: Clock;
  agenda: Agenda;
  faults: Faults;
  ledger: Ledger;
  credentials: Credentials;
  targets: Targets;
  deliveries: Deliveries;
  requests: RequestLog;
  /** The address people and clients reach this server at; known once it listens. */
  publicUrl(): string;
}

/** Kinds that survive `POST /_sandbox/reset`: who we are and where events go. */
export const KEPT_KINDS: readonly string[] = ['sandbox/credentials', 'sandbox/targets', 'sandbox/clock'];

export function createSandbox(options: {
  stateDir: string | null;
  adminToken?: string;
  seed: number;
  publicUrl: () => string;
}): Sandbox {
  const store = createStore(options.stateDir);
  const clock = createClock(store);
  const targets = createTargets(store);
  const faults = createFaults(store, options.seed);
  return {
    store,
    clock,
    agenda: createAgenda(store, clock),
    faults,
    ledger: createLedger(store, clock),
    credentials: createCredentials(store, {
      ...(options.adminToken === undefined ? {} : { adminToken: options.adminToken }),
      organizationId: uuid(),
    }),
    targets,
    deliveries: createDeliveries(store, targets, faults),
    requests: createRequestLog(),
    publicUrl: options.publicUrl,
  };
}
