import type { Organization } from '../../db/entities/organization.ts';
import type { PaymentMethod } from '../../db/entities/payment-method.ts';
import type { Subscription } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import { listActiveMethods } from '../../db/queries/payment-methods.ts';
import type { SkippedProvider } from '../../domain/routing/route.ts';
import { chooseCandidates, type DirectOption } from '../../domain/subscription/direct-routing.ts';
import type { Caller } from '../caller.ts';
import type { Offer } from '../checkout/find-offer.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { refreshPaymentMethods } from '../payment-method/refresh-payment-methods.ts';
import type { CreateSubscriptionBody } from '../schemas/direct-subscription.ts';
import { whyUnable } from './able-provider.ts';
import { chooseVoucher } from './choose-voucher.ts';
import { isFailing } from './is-failing.ts';
import { providerOrder } from './provider-order.ts';

/** Who renews it, from what, and who would step in. */
export interface ChosenPayment extends Pick<
  Subscription,
  'collection' | 'provider' | 'paymentMethodId' | 'voucherMethod' | 'routing'
> {
  /** Whom routing would have chosen before its provider, and why it was not. */
  readonly passedOver: readonly SkippedProvider[];
}

export interface PaymentWish {
  readonly caller: Caller;
  readonly body: CreateSubscriptionBody;
  readonly organization: Organization;
  readonly offer: Offer;
  readonly country: string | null;
  readonly trialDays: number;
  readonly liveSubscriptions: readonly Subscription[];
}

type Deps = Pick<ApiDeps, 'health' | 'logger' | 'rules' | 'providers' | 'temporal'>;

/**
 * Decides how a subscription without a hosted page is paid, and who steps in where its provider does not begin it: not
 * at all where it costs nothing, by vouchers where they are asked for, else by stored payment methods. A method that is
 * named is the customer's choice of what is charged: no other is, unless the body allows it. Without a name every
 * provider's default may serve, in routing's order.
 *
 * @throws {BillingError} `payment_method_required`, `payment_method_not_found`, `payment_method_unavailable`,
 *   `not_supported_by_provider`, and those of `requireContact`
 */
export async function choosePayment(em: Db, deps: Deps, wish: PaymentWish): Promise<ChosenPayment> {
  if (wish.offer.amount.amountMinor === 0)
    return {
      ...{ collection: 'none', provider: null, paymentMethodId: null, voucherMethod: null, routing: null },
      passedOver: [],
    };
  if (wish.body.collection_method === 'voucher') return chooseVoucher(em, deps, wish);
  return chooseMethods(em, deps, wish);
}

async function chooseMethods(em: Db, deps: Deps, wish: PaymentWish): Promise<ChosenPayment> {
  const { body, caller } = wish;
  const named = body.payment_method_id;
  const mayFallBack = body.allow_fallback ?? named === null;
  const methods = await findMethods(em, deps, wish, mayFallBack);
  const configured = await deps.providers.configured(caller.projectId, caller.live);
  const order = await providerOrder(deps, configured, { ...wish, quantity: body.quantity });
  const namedAt = methods.find(({ id }) => id === named)?.provider;
  const providers = namedAt === undefined ? order.providers : [namedAt, ...order.providers];
  const options = methods.map((method) => optionOf(deps, configured, method, wish));
  const { candidates, skipped, passedOver } = chooseCandidates(options, providers, mayFallBack);
  const [first] = candidates;
  if (first === undefined) throw refuseMethods(skipped, options);
  const { policy, policyVersion } = order;
  const rule = namedAt === undefined ? order.rule : 'named';
  return {
    ...{
      collection: 'provider',
      provider: first.provider,
      paymentMethodId: first.paymentMethodId,
      voucherMethod: null,
    },
    ...{ routing: { rule, policy, policyVersion, candidates, skipped }, passedOver },
  };
}

/** Why none of them can: the first that would have been asked tells it. */
function refuseMethods(skipped: readonly SkippedProvider[], options: readonly DirectOption[]) {
  const [first] = skipped;
  if (first === undefined)
    return refusal(
      'payment_method_required',
      'The organization has no default payment method: start a checkout, where the buyer enters one.',
    );
  const { provider, because } = first;
  return fieldRefusal(
    'not_supported_by_provider',
    '/payment_method_id',
    `The provider of this payment method cannot begin it: ${because}.`,
    { provider, payment_method_id: options.find((option) => option.provider === provider)?.paymentMethodId ?? null },
  );
}

/**
 * What may be charged, one per provider: the method that is named, and where others may step in the organization's
 * defaults. One that was saved on a hosted page just now may have to be read first.
 *
 * @throws {BillingError} `payment_method_not_found`
 */
async function findMethods(
  em: Db,
  deps: Deps,
  { body, caller, organization }: PaymentWish,
  mayFallBack: boolean,
): Promise<readonly PaymentMethod[]> {
  const read = () => listActiveMethods(em.fork(), caller, organization.id);
  const known = await read();
  if (body.payment_method_id === null) {
    const defaults = known.filter(({ isDefault }) => isDefault);
    if (defaults.length > 0) return defaults;
    await refreshPaymentMethods(deps, em, caller, { organizationId: organization.id, olderThanMs: 0 });
    return (await read()).filter(({ isDefault }) => isDefault);
  }
  const named = known.find(({ id }) => id === body.payment_method_id);
  if (named === undefined)
    throw fieldRefusal(
      'payment_method_not_found',
      '/payment_method_id',
      'The organization has no stored payment method with this id that can be charged.',
    );
  const others = known.filter(({ isDefault, provider }) => isDefault && provider !== named.provider);
  return mayFallBack ? [named, ...others] : [named];
}

function optionOf(
  deps: Deps,
  configured: ReadonlySet<string>,
  { id, provider }: PaymentMethod,
  wish: PaymentWish,
): DirectOption {
  return { provider, paymentMethodId: id, whyNot: whyNot(deps, configured, provider, wish) };
}

function whyNot(
  deps: Deps,
  configured: ReadonlySet<string>,
  provider: string,
  { body, caller, offer, trialDays }: PaymentWish,
): DirectOption['whyNot'] {
  if (!configured.has(provider))
    return { reason: 'not_configured', because: 'the project has no account there any more' };
  const because = whyUnable(provider, deps.providers.abilities(provider), deps.providers.operations(provider), {
    ...{ currency: offer.amount.currency, quantity: body.quantity, trialDays, pushedTo: offer.pushedTo },
  });
  if (because !== null) return { reason: 'unsupported', because };
  return isFailing(deps, { ...caller, provider });
}
