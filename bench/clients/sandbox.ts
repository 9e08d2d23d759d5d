import type { Target } from '../stack/target.ts';

export interface FaultInput {
  readonly provider: string | null;
  /** Absent or null: all. */
  readonly operation?: string | null;
  readonly kind: string;
  readonly rate?: number;
  readonly latency_ms?: number;
  readonly status?: number;
  readonly retry_after_s?: number;
  readonly seed?: number;
}

export interface LedgerEntry {
  readonly provider: string;
  readonly kind: 'charge' | 'refund' | 'dispute' | 'dispute_reversal';
  readonly id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly status: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface SandboxRequest {
  readonly provider: string;
  readonly at: string;
  /** From the request's arrival to the answer's end. */
  readonly duration_ms: number;
}

export interface Delivery {
  readonly id: string;
  readonly provider: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly body: string;
  readonly status: 'pending' | 'delivered' | 'failed' | 'lost';
}

export type Outcome = 'paid' | 'declined' | 'abandoned' | 'voucher_issued' | 'voucher_paid';

export interface SandboxClient {
  addFault(fault: FaultInput): Promise<{ readonly id: string }>;
  removeFault(id: string): Promise<unknown>;
  /** How often each fault has struck, by its id. */
  faultHits(): Promise<ReadonlyMap<string, number>>;
  clearFaults(): Promise<void>;
  /** What the stand-ins were asked, oldest first. */
  requests(): Promise<readonly SandboxRequest[]>;
  /** Does what the buyer would do on the page. `id`: ours or the provider's. @returns the kind of result. */
  complete(provider: string, id: string, outcome: Outcome): Promise<string>;
  ledger(): Promise<readonly LedgerEntry[]>;
  deliveries(): Promise<readonly Delivery[]>;
}

type Place = Pick<Target, 'sandbox_url' | 'sandbox_admin_token'>;

/** Any call of the provider sandbox's control interface, which throws unless the sandbox does it. */
export function createSandboxControl(target: Place) {
  return async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${target.sandbox_url}/_sandbox/${path}`, {
      method,
      headers: { authorization: `Bearer ${target.sandbox_admin_token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok)
      throw new Error(`the sandbox answered ${answer.status} to ${method} ${path}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
}

/** The calls that benches and chaos runs make, by name. */
export function createSandboxClient(target: Place): SandboxClient {
  const ask = createSandboxControl(target);
  return {
    addFault: (fault) => ask('POST', 'faults', fault),
    removeFault: (id) => ask('DELETE', `faults/${id}`),
    async faultHits() {
      const faults = await ask<readonly { id: string; hits: number }[]>('GET', 'faults');
      return new Map(faults.map(({ id, hits }) => [id, hits]));
    },
    clearFaults: () => ask('DELETE', 'faults'),
    requests: () => ask('GET', 'requests'),
    async complete(provider, id, outcome) {
      return (await ask<{ result: string }>('POST', `checkouts/${provider}/${id}/complete`, { outcome })).result;
    },
    ledger: () => ask('GET', 'ledger'),
    deliveries: () => ask('GET', 'deliveries'),
  };
}
