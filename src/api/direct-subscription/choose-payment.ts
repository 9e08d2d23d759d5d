import type { Organization } from '../../db/entities/organization.ts';
import type { PaymentMethod } from '../../db/entities/payment-method.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { isCustomerAt, listActiveMethods } from '../../db/queries/payment-methods.ts';
import type { Caller } from '../caller.ts';
import type { Offer } from '../checkout/find-offer.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { requireContact } from '../organization-contact.ts';
import { refreshPaymentMethods } from '../payment-method/refresh-payment-methods.ts';
import type { CreateSubscriptionBody } from '../schemas/direct-subscription.ts';
import { issuesVoucher, whyUnable } from './able-provider.ts';

/** Who renews it, and from what. */
export type ChosenPayment = Pick<Subscription, 'collection' | 'provider' | 'paymentMethodId' | 'voucherMethod'>;

export interface PaymentWish {
  readonly caller: Caller;
  readonly body: CreateSubscriptionBody;
  readonly organization: Organization;
  readonly offer: Offer;
  readonly country: string | null;
  readonly trialDays: number;
}

type Deps = Pick<ApiDeps, 'logger' | 'providers' | 'temporal'>;

const nothing = { provider: null, paymentMethodId: null, voucherMethod: null } as const;

/**
 * Decides how a subscription without a hosted page is paid: not at all where it costs nothing, by vouchers where they
 * are asked for, else by the stored payment method, at its provider.
 *
 * @throws {BillingError} `payment_method_required`, `payment_method_not_found`, `payment_method_unavailable`,
 *   `not_supported_by_provider`, and those of `requireContact`
 */
export async function choosePayment(em: Db, deps: Deps, wish: PaymentWish): Promise<ChosenPayment> {
  if (wish.offer.amount.amountMinor === 0) return { ...nothing, collection: 'none' };
  if (wish.body.collection_method === 'voucher') return chooseVoucher(em, deps, wish);
  const method = await chooseMethod(em, deps, wish);
  return { ...nothing, collection: 'provider', provider: method.provider, paymentMethodId: method.id };
}

async function chooseVoucher(em: Db, deps: Deps, wish: PaymentWish): Promise<ChosenPayment> {
  const { body, caller, country, offer, organization } = wish;
  const configured = await deps.providers.configured(caller.projectId, caller.live);
  for (const method of body.voucher_method === null ? (['spei', 'oxxo', 'cash'] as const) : [body.voucher_method]) {
    const asked = { method, currency: offer.amount.currency, country };
    const provider = [...configured]
      .toSorted((a, b) => rank(a, organization) - rank(b, organization) || (a < b ? -1 : 1))
      .find((id) => issuesVoucher(deps.providers.abilities(id), deps.providers.operations(id), asked));
    if (provider === undefined) continue;
    if (!(await isCustomerAt(em.fork(), caller, organization.id, provider)))
      requireContact(organization, caller.project.defaultPhone, deps.providers.abilities(provider));
    return { ...nothing, collection: 'voucher', provider, voucherMethod: method };
  }
  throw fieldRefusal(
    'payment_method_unavailable',
    '/voucher_method',
    `No provider issues such vouchers in ${offer.amount.currency}${country === null ? '' : ` in ${country}`}.`,
  );
}

function rank(provider: string, { preferredProvider }: Organization): number {
  return provider === preferredProvider ? 0 : 1;
}

async function chooseMethod(em: Db, deps: Deps, wish: PaymentWish): Promise<PaymentMethod> {
  const { body, caller, organization } = wish;
  const candidates = await findMethods(em, deps, wish);
  if (candidates.length === 0 && body.payment_method_id !== null)
    throw fieldRefusal(
      'payment_method_not_found',
      '/payment_method_id',
      'The organization has no stored payment method with this id that can be charged.',
    );
  const configured = await deps.providers.configured(caller.projectId, caller.live);
  const reasons = candidates.map((method) => ({ method, why: whyNot(deps, configured, method, wish) }));
  const able = reasons
    .filter(({ why }) => why === null)
    .toSorted((a, b) => rank(a.method.provider, organization) - rank(b.method.provider, organization))[0];
  if (able) return able.method;
  const [first] = reasons;
  if (first === undefined)
    throw refusal(
      'payment_method_required',
      'The organization has no default payment method: start a checkout, where the buyer enters one.',
    );
  throw fieldRefusal(
    'not_supported_by_provider',
    '/payment_method_id',
    `The provider of this payment method cannot begin it: ${first.why}.`,
    { provider: first.method.provider, payment_method_id: first.method.id },
  );
}

/** The one named, or the organization's defaults; one that was saved on a hosted page just now may have to be read first. */
async function findMethods(em: Db, deps: Deps, wish: PaymentWish): Promise<readonly PaymentMethod[]> {
  const { body, caller, organization } = wish;
  const isMeant = (method: PaymentMethod) =>
    body.payment_method_id === null ? method.isDefault : method.id === body.payment_method_id;
  const read = async () => (await listActiveMethods(em.fork(), caller, organization.id)).filter(isMeant);
  const known = await read();
  if (known.length > 0 || body.payment_method_id !== null) return known;
  await refreshPaymentMethods(deps, em, caller, { organizationId: organization.id, olderThanMs: 0 });
  return read();
}

function whyNot(
  deps: Deps,
  configured: ReadonlySet<string>,
  { provider }: PaymentMethod,
  { body, offer, trialDays }: PaymentWish,
): string | null {
  if (!configured.has(provider)) return 'the project has no account there any more';
  return whyUnable(provider, deps.providers.abilities(provider), deps.providers.operations(provider), {
    ...{ currency: offer.amount.currency, quantity: body.quantity, trialDays, pushedTo: offer.pushedTo },
  });
}
