import type { Request } from 'express';
import type { Checkout } from '../../db/entities/checkout.ts';
import { newId } from '../../db/new-id.ts';
import { itemMetadataKey } from '../../db/queries/migration-stand.ts';
import type { Db } from '../../db/orm.ts';
import { wholeTrialDays } from '../../domain/migration/trial-target.ts';
import type { Caller } from '../caller.ts';
import { readFactsOf } from '../checkout/checkout-facts.ts';
import { createCheckout } from '../checkout/create-checkout.ts';
import type { ApiDeps } from '../deps.ts';
import { openCheckout } from '../open-checkout.ts';
import { createCheckoutBody, type CreateCheckoutBody } from '../schemas/checkout.ts';
import type { MoveView } from './move-view.ts';

interface BeginMove {
  readonly em: Db;
  readonly request: Request;
  readonly view: MoveView;
  /** Where the customer comes back to: this very page. */
  readonly returnTo: string;
  readonly locale: string;
  readonly nowMs: number;
}

/**
 * Opens the customer's checkout at the provider that was planned, by the way of every checkout, with a trial that reaches
 * over the paid-through date. One that is out already is gone on with: a second click makes no second page.
 *
 * @throws {BillingError} every refusal of a checkout
 */
export async function beginMove(deps: ApiDeps, input: BeginMove): Promise<Checkout> {
  const { em, view } = input;
  const opening = { em, temporal: deps.temporal, logger: deps.logger };
  const checkout = view.checkout ?? (await createOwn(deps, input));
  const opened = await openCheckout({ ...opening, checkout });
  const { migrationId, id } = view.item;
  // It looks by itself too: a page that was opened is not lost with this word.
  await deps.temporal.tellMigrationItem(migrationId, id).catch((err: unknown) => {
    deps.logger.warn({ err, item: id }, 'the move was not told of its checkout');
  });
  return opened;
}

async function createOwn(deps: ApiDeps, { em, request, view, returnTo, locale, nowMs }: BeginMove): Promise<Checkout> {
  const caller = callerFor(view);
  const body = bodyOf(view, locale, nowMs);
  const organizationId = view.item.organizationId ?? '';
  const facts = readFactsOf(em, caller, body, organizationId).then((read) => ({
    ...read,
    // The one that is left is no reason against the one that takes its place.
    liveSubscriptions: read.liveSubscriptions.filter(({ id }) => id !== view.item.subscriptionId),
  }));
  facts.catch(() => undefined);
  return createCheckout(em, deps, {
    ...{ caller, body, request, returnTo, facts, checkoutId: newId('chk') },
    ...{ hasIdempotencyKey: false, isFirst: false, preferredProvider: null },
  });
}

/** As an app would ask; only the trial may be longer than apps may make it, for some pay by the year. */
function bodyOf({ item, planned, price, target }: MoveView, locale: string, nowMs: number): CreateCheckoutBody {
  const body = createCheckoutBody.parse({
    organization_id: item.organizationId,
    product_id: planned.planId,
    billing_interval: price.billingInterval,
    currency: price.currency,
    quantity: planned.quantity,
    provider: planned.provider,
    locale,
    metadata: { migration: item.migrationId, [itemMetadataKey]: item.id },
  });
  return { ...body, trial_days: wholeTrialDays(target.to, nowMs) };
}

/** Whoever has the link acts for this one move: the operator who planned it chose provider, price and trial. */
function callerFor({ project, item }: MoveView): Caller {
  return {
    ...{ project, projectId: item.projectId, live: item.live },
    ...{ keyId: 'migration', kind: 'secret', scopes: ['billing:write', 'ops:write'] },
    ...{ organizations: null, userId: null, actor: `migration/${item.migrationId}/${item.id}` },
  };
}
