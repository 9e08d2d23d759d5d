import { createSandboxControl } from '../../bench/clients/sandbox.ts';
import type { Target } from '../../bench/stack/target.ts';
import type { LedgerLine, TheirSubscription } from './oracle.ts';

/** The providers' own addresses, asked with their keys and by nothing of ours: what an adapter gets wrong shows here. */
export function createProviderApi(target: Target) {
  const control = createSandboxControl(target);
  return {
    /** The old provider's API and dashboard. @throws unless it does it. */
    legacy: <T>(method: string, path: string, body?: unknown) => callLegacy<T>(target, method, path, body),
    ledger: () => control<readonly LedgerLine[]>('GET', 'ledger'),
    /** As customers do it in the old store's portal: at the interval's end. */
    cancelLegacy: (id: string) => control('POST', `subscriptions/${oldProvider}/${id}/cancel`, { when: 'period_end' }),
    advanceClock: (advance: string) => control('POST', 'clock', { advance }),
    nowMs: async () => Date.parse((await control<{ now: string }>('GET', 'clock')).now),
    subscriptions: async (): Promise<readonly TheirSubscription[]> =>
      (await Promise.all([readLegacy(target), readPolar(target), readStripe(target)])).flat(),
  };
}
export type ProviderApi = ReturnType<typeof createProviderApi>;

export const oldProvider = 'fungies';

interface LegacySubscription {
  readonly id: string;
  readonly status: string;
  readonly cancelAtIntervalEnd: boolean;
}

const runs = new Set(['active', 'trialing', 'past_due', 'unpaid', 'paused']);

async function readLegacy(target: Target): Promise<readonly TheirSubscription[]> {
  const all: TheirSubscription[] = [];
  for (let cursor = ''; ;) {
    const path = `/v0/subscriptions/list?status=all&take=100&cursor=${cursor}`;
    const page = await callLegacy<{
      readonly subscriptions: readonly LegacySubscription[];
      readonly cursor: string | null;
      readonly hasMore?: boolean;
    }>(target, 'GET', path);
    for (const { id, status, cancelAtIntervalEnd } of page.subscriptions)
      all.push({
        ...{ provider: oldProvider, id, status, organizationId: null },
        renews: runs.has(status) && !cancelAtIntervalEnd,
      });
    if (page.hasMore !== true || page.cursor === null) return all;
    cursor = page.cursor;
  }
}

interface SnakeSubscription {
  readonly id: string;
  readonly status: string;
  readonly cancel_at_period_end: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

async function readPolar(target: Target): Promise<readonly TheirSubscription[]> {
  const all: TheirSubscription[] = [];
  for (let page = 1; ; page += 1) {
    const { items, pagination } = await callWithKey<{
      readonly items: readonly SnakeSubscription[];
      readonly pagination: { readonly max_page: number };
    }>(target, 'polar', `/v1/subscriptions/?limit=100&page=${page}`);
    all.push(...items.map((each) => snake('polar', each)));
    if (page >= pagination.max_page) return all;
  }
}

async function readStripe(target: Target): Promise<readonly TheirSubscription[]> {
  const all: TheirSubscription[] = [];
  for (let after = ''; ;) {
    const { data, has_more: hasMore } = await callWithKey<{
      readonly data: readonly SnakeSubscription[];
      readonly has_more: boolean;
    }>(target, 'stripe', `/v1/subscriptions?status=all&limit=100${after}`);
    all.push(...data.map((each) => snake('stripe', each)));
    const last = data.at(-1);
    if (!hasMore || last === undefined) return all;
    after = `&starting_after=${last.id}`;
  }
}

function snake(provider: string, { id, status, metadata, ...rest }: SnakeSubscription): TheirSubscription {
  const organizationId = metadata['organization_id'];
  return {
    ...{ provider, id, status, organizationId: typeof organizationId === 'string' ? organizationId : null },
    renews: runs.has(status) && !rest.cancel_at_period_end,
  };
}

function settingOf(target: Target, provider: string, name: string): string {
  const value = target.providers[provider]?.[name];
  if (typeof value !== 'string') throw new Error(`the stack has no ${name} of ${provider}`);
  return value;
}

async function callLegacy<T>(target: Target, method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${settingOf(target, oldProvider, 'base_url')}${path}`, {
    method,
    headers: {
      'x-fngs-public-key': settingOf(target, oldProvider, 'api_key'),
      'x-fngs-secret-key': settingOf(target, oldProvider, 'api_secret'),
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text.slice(0, 500)}`);
  return (JSON.parse(text) as { readonly data: T }).data;
}

async function callWithKey<T>(target: Target, provider: string, path: string): Promise<T> {
  const headers = { authorization: `Bearer ${settingOf(target, provider, 'api_key')}` };
  const answer = await fetch(`${settingOf(target, provider, 'base_url')}${path}`, { headers });
  if (!answer.ok) throw new Error(`${provider} answered ${answer.status} to ${path}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
