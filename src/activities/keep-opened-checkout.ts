import { CheckoutEntity, type Checkout } from '../db/entities/checkout.ts';
import type { Db } from '../db/orm.ts';
import { storeOpening, type FallbackStep, type OpenedPage, type StrayStep } from '../db/queries/open-checkout.ts';
import type { EventType } from '../domain/events.ts';
import { presentCheckoutEvent } from '../present/checkout.ts';
import type { CreateCheckoutResult } from '../providers/port.ts';
import type { LeftProvider } from './open-checkout.ts';

type Opened = Extract<CreateCheckoutResult, { outcome: 'opened' }>;

/**
 * Commits the open page, who was left behind, and the provider's ids.
 *
 * @param isRepeated An earlier try may have opened another session at the same provider.
 * @returns the row as stored; another's, when somebody was faster.
 */
export function keepOpenedCheckout(
  em: Db,
  row: Checkout,
  provider: string,
  opened: Opened,
  left: readonly LeftProvider[],
  isRepeated = false,
): Promise<Checkout> {
  const strays = isRepeated ? [...straysOf(left), { provider, askedAt: new Date().toISOString() }] : straysOf(left);
  return store(em, row, { ...opened, provider }, left, strays, `at ${provider}, payable until ${opened.expiresAt}`);
}

/** Nobody could serve: the checkout fails, with everyone who was asked on record. */
export function closeUnservedCheckout(em: Db, row: Checkout, left: readonly LeftProvider[]): Promise<Checkout> {
  return store(em, row, null, left, straysOf(left), 'no provider could serve it');
}

async function store(
  em: Db,
  row: Checkout,
  page: OpenedPage | null,
  left: readonly LeftProvider[],
  strays: readonly StrayStep[],
  detail: string,
): Promise<Checkout> {
  const steps = stepsOf(row, left, page?.provider ?? null);
  const [first] = steps;
  const fallback =
    first === undefined
      ? null
      : {
          attempted_provider: first.attempted,
          fallback_provider: page?.provider ?? null,
          reason: first.reason,
          timestamp: left[0]?.at ?? new Date().toISOString(),
        };
  const failureCode = page === null ? failureOf(left) : null;
  const stored: Checkout =
    page === null ? { ...row, status: 'failed', failureCode, fallback } : { ...openedRow(row, page), fallback };
  const event = {
    type: page === null ? 'checkout.failed' : 'checkout.opened',
    data: presentCheckoutEvent(stored),
  } satisfies { readonly type: EventType; readonly data: object };
  const isStored = await storeOpening(em, { checkout: row, page, failureCode, steps, strays, fallback, detail, event });
  return isStored ? stored : em.fork().findOneOrFail(CheckoutEntity, { id: row.id });
}

function openedRow(row: Checkout, page: OpenedPage): Checkout {
  const { provider, expiresAt, paymentMethods } = page;
  return { ...row, status: 'open', provider, expiresAt: new Date(expiresAt), paymentMethods: [...paymentMethods] };
}

function straysOf(left: readonly LeftProvider[]): readonly StrayStep[] {
  return left.filter(({ mayExist }) => mayExist).map(({ provider, at: askedAt }) => ({ provider, askedAt }));
}

/** What no provider can mend is the caller's to; anything else may pass. */
function failureOf(left: readonly LeftProvider[]): string {
  return left.findLast(({ refusal }) => refusal !== undefined)?.refusal ?? 'no_provider_available';
}

/** Everyone routing left out and everyone who was asked in vain, each with who came next. */
function stepsOf(row: Checkout, left: readonly LeftProvider[], to: string | null): readonly FallbackStep[] {
  const skipped = row.routing.skipped.map(({ provider, reason, because }) => ({
    attempted: provider,
    reason,
    providerCode: because,
  }));
  const asked = left.map(({ provider, reason, providerCode }) => ({ attempted: provider, reason, providerCode }));
  const all = [...skipped, ...asked].filter(({ attempted }) => attempted !== to);
  return all.map((step, index) => ({ ...step, next: all[index + 1]?.attempted ?? to }));
}
