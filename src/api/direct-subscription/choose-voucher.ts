import type { Db } from '../../db/orm.ts';
import { isCustomerAt } from '../../db/queries/payment-methods.ts';
import type { VoucherTruth } from '../../domain/checkout/truth.ts';
import { BillingError } from '../../domain/errors.ts';
import { chooseCandidates, type DirectOption } from '../../domain/subscription/direct-routing.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal } from '../error-codes.ts';
import { requireContact } from '../organization-contact.ts';
import { issuesVoucher } from './able-provider.ts';
import type { ChosenPayment, PaymentWish } from './choose-payment.ts';
import { isFailing } from './is-failing.ts';
import { providerOrder, type ProviderOrder } from './provider-order.ts';

type Deps = Pick<ApiDeps, 'health' | 'rules' | 'providers'>;
type Method = VoucherTruth['kind'];

/**
 * Decides who issues the vouchers of a subscription, and who steps in: of the first voucher method that anybody issues,
 * all that issue it.
 *
 * @throws {BillingError} `payment_method_unavailable`, and those of `requireContact`
 */
export async function chooseVoucher(em: Db, deps: Deps, wish: PaymentWish): Promise<ChosenPayment> {
  const { body, caller, country, offer } = wish;
  const configured = await deps.providers.configured(caller.projectId, caller.live);
  const order = await providerOrder(deps, configured, { ...wish, quantity: body.quantity });
  for (const method of body.voucher_method === null ? (['spei', 'oxxo', 'cash'] as const) : [body.voucher_method]) {
    const asked = { method, currency: offer.amount.currency, country };
    const issuers = [...configured].filter((id) =>
      issuesVoucher(deps.providers.abilities(id), deps.providers.operations(id), asked),
    );
    if (issuers.length > 0) return chooseIssuer(em, deps, wish, { method, issuers, order });
  }
  throw fieldRefusal(
    'payment_method_unavailable',
    '/voucher_method',
    `No provider issues such vouchers in ${offer.amount.currency}${country === null ? '' : ` in ${country}`}.`,
  );
}

async function chooseIssuer(
  em: Db,
  deps: Deps,
  wish: PaymentWish,
  found: {
    readonly method: Method;
    readonly issuers: readonly string[];
    readonly order: ProviderOrder;
  },
): Promise<ChosenPayment> {
  const { rule, policy, policyVersion, providers } = found.order;
  const asked = await Promise.all(
    found.issuers.map(async (provider) => ({ provider, refused: await refusedContact(em, deps, wish, provider) })),
  );
  const options = asked.map(({ provider, refused }): DirectOption => {
    const whyNot = refused && ({ reason: 'unsupported', because: refused.message } as const);
    return { provider, paymentMethodId: null, whyNot: whyNot ?? isFailing(deps, { ...wish.caller, provider }) };
  });
  const choice = chooseCandidates(options, providers, wish.body.allow_fallback ?? true);
  const { candidates, skipped, passedOver } = choice;
  const [first] = candidates;
  if (first === undefined) {
    const [whoFirst] = skipped;
    throw asked.find(({ provider }) => provider === whoFirst?.provider)?.refused ?? new Error('nobody issues vouchers');
  }
  return {
    ...{ collection: 'voucher', provider: first.provider, paymentMethodId: null, voucherMethod: found.method },
    ...{ routing: { rule, policy, policyVersion, candidates, skipped }, passedOver },
  };
}

/** Whom a provider has as its customer it needs to know no more of. */
async function refusedContact(
  em: Db,
  deps: Deps,
  { caller, organization }: PaymentWish,
  provider: string,
): Promise<BillingError | null> {
  if (await isCustomerAt(em.fork(), caller, organization.id, provider)) return null;
  try {
    requireContact(organization, caller.project.defaultPhone, deps.providers.abilities(provider));
    return null;
  } catch (error) {
    if (error instanceof BillingError) return error;
    throw error;
  }
}
