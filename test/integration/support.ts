import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { startStack } from '../../src/local/stack.ts';
import { ANY_PORTS, type ProcessName } from '../../src/local/stack-options.ts';

/** A checkout as the API shows it; only what tests read. */
export interface CheckoutView {
  readonly checkout_id: string;
  readonly checkout_url: string;
  readonly provider: string | null;
  readonly status: string;
  readonly mode: string;
  readonly amount: { readonly amount_minor: number; readonly currency: string };
  readonly fallback: {
    readonly attempted_provider: string;
    readonly fallback_provider: string;
    readonly reason: string;
  } | null;
  readonly routing: { readonly rule: string; readonly country: string | null };
  readonly subscription_id: string | null;
  readonly payment: {
    readonly status: string;
    readonly amount: { readonly amount_minor: number };
    readonly method: string;
  } | null;
  readonly voucher: { readonly kind: string; readonly reference: string | null; readonly clabe: string | null } | null;
  readonly timeline: readonly { readonly what: string; readonly detail: string | null }[];
}

export interface LedgerEntry {
  readonly provider: string;
  readonly kind: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly status: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The whole system in a directory of its own: real PostgreSQL, Temporal, sandbox, API, worker and relay. */
export async function startSystem(env: Readonly<Record<string, string>> = {}) {
  const stateDir = await mkdtemp(join(tmpdir(), 'plinto-system-'));
  const stack = await startStack({
    stateDir,
    ports: ANY_PORTS,
    ownServers: true,
    env: { CHECKOUT_LOOK_GAPS: '2s,2s,4s,8s,15s,30s', RATE_LIMIT_PER_MINUTE: '1000000', LOG_LEVEL: 'warn', ...env },
  });
  const dev = stack.devFile();
  const required = (value: string | null): string => {
    if (value === null) throw new Error('the system started without a part the tests need');
    return value;
  };
  const apiUrl = required(dev.api_url);
  const sandboxUrl = required(dev.sandbox_url);
  const connection = await Connection.connect({ address: required(dev.temporal_address) });
  const db = new pg.Pool({ connectionString: required(dev.database_url), max: 2 });
  db.on('error', () => undefined);

  const call = async (
    method: string,
    url: string,
    token: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => {
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : (JSON.parse(text) as unknown),
    };
  };
  const sandboxCall = (method: string, path: string, body?: unknown) =>
    call(method, `${sandboxUrl}/_sandbox/${path}`, required(dev.sandbox_admin_token), body);

  return {
    apiUrl,
    db,
    stack,
    temporal: new Client({ connection }),
    api: (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
      call(method, `${apiUrl}/api/v1${path}`, required(dev.secret_key), body, headers),
    async open(body: Readonly<Record<string, unknown>>, headers?: Record<string, string>): Promise<CheckoutView> {
      const answer = await this.api('POST', '/billing/checkout', aCheckoutBody(body), headers);
      if (answer.status !== 201) throw new Error(`checkout answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      return answer.body as CheckoutView;
    },
    async checkout(id: string): Promise<CheckoutView> {
      return (await this.api('GET', `/billing/checkouts/${id}`)).body as CheckoutView;
    },
    /** Plays the customer on the provider's page. */
    async complete(
      view: Pick<CheckoutView, 'provider' | 'checkout_id'>,
      outcome: string,
      extra: Readonly<Record<string, unknown>> = {},
    ) {
      const provider = view.provider ?? 'none';
      const answer = await sandboxCall('POST', `checkouts/${provider}/${view.checkout_id}/complete`, {
        outcome,
        ...extra,
      });
      if (answer.status >= 400) throw new Error(`the page answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    },
    /** What the provider's script in a browser makes of a card. */
    async token(provider: string, number: string): Promise<string> {
      const answer = await sandboxCall('POST', `tokens/${provider}`, { number });
      if (answer.status >= 400) throw new Error(`no token: ${JSON.stringify(answer.body)}`);
      return (answer.body as { readonly token: string }).token;
    },
    /** Plays the customer at their bank, on what a next action names. */
    async confirm(provider: string, step: { url: string | null; client_secret: string | null } | null): Promise<void> {
      const id = step?.client_secret?.split('_secret')[0] ?? step?.url?.match(/\/pay\/([^/]+)/)?.[1] ?? 'nothing';
      const answer = await sandboxCall('POST', `checkouts/${provider}/${id}/complete`, { outcome: 'paid' });
      if (answer.status >= 400) throw new Error(`the bank answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    },
    /** What a merchant does at the provider's own dashboard: `card`, `retry`, `cancel` of a subscription. */
    operator: (provider: string, act: 'card' | 'retry' | 'cancel', id: string, body: object = {}) =>
      sandboxCall('POST', `subscriptions/${provider}/${id}/${act}`, body),
    fault: (fault: Readonly<Record<string, unknown>>) => sandboxCall('POST', 'faults', fault),
    /** Moves the providers' time, e.g. by `P1M`; ours stays. */
    advance: (advance: string) => sandboxCall('POST', 'clock', { advance }),
    clearFaults: () => sandboxCall('DELETE', 'faults'),
    async ledger(): Promise<readonly LedgerEntry[]> {
      return (await sandboxCall('GET', 'ledger')).body as readonly LedgerEntry[];
    },
    async countEvents(column: 'status' | 'checkout_id', value: string): Promise<number> {
      const sql = `select id from provider_events where ${column} = $1`;
      return (await db.query(sql, [value])).rows.length;
    },
    kill: (name: ProcessName) => stack.kill(name, 'SIGKILL'),
    async end() {
      await db.end();
      await connection.close();
      await stack.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

export type System = Awaited<ReturnType<typeof startSystem>>;

let organizations = 0;

/** A request for the Starter Kit by an organization of its own. */
export function aCheckoutBody(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  organizations += 1;
  return {
    organization_id: `org_${process.pid}_${organizations}`,
    product_id: 'starter-kit',
    country: 'US',
    email: `buyer${organizations}@example.com`,
    name: 'Ada Byron',
    success_url: 'https://app.example/ok?c={CHECKOUT_ID}',
    cancel_url: 'https://app.example/no',
    ...changes,
  };
}
