import type { Budget } from '../http.ts';
import { asUnknown, OutcomeUnknownError } from '../failures.ts';
import type { JsonApi } from '../json-api.ts';
import type { MoneyResult, PaymentMethodOperations, PaymentMethodRef, PaymentMethodTruth } from '../port-money.ts';
import { ConektaDeclinedError } from './errors.ts';
import { pageParams, readAll, toPage } from './paging.ts';
import { conektaCustomer, conektaPaymentSource, conektaPaymentSourcePage, type ConektaPaymentSource } from './wire.ts';

type AttachInput = Parameters<NonNullable<PaymentMethodOperations['attach']>>[0];

/** Payment sources of a customer. Conekta reads them as a list only. */
export function createConektaPaymentMethods(
  api: JsonApi,
): PaymentMethodOperations & Required<Pick<PaymentMethodOperations, 'attach' | 'setDefault'>> {
  return {
    attach: (input) => attach(api, input).catch(asDeclined),
    get: (ref) => findSource(api, ref, api.budget()),
    async list(query) {
      const page = await api.find({
        operation: 'paymentMethods.list',
        method: 'GET',
        path: sourcesPath(query.providerCustomerId),
        query: pageParams(query),
        reply: conektaPaymentSourcePage,
      });
      if (!page) return { items: [], nextCursor: null };
      return toPage(
        page,
        page.data.map((source) => mapPaymentSource(query.providerCustomerId, source, null)),
      );
    },
    async detach(ref) {
      await api.find({
        operation: 'paymentMethods.detach',
        method: 'DELETE',
        path: `${sourcesPath(ref.providerCustomerId)}/${encodeURIComponent(ref.providerPaymentMethodId)}`,
        reply: conektaPaymentSource,
      });
    },
    setDefault: (ref) => setDefault(api, ref, api.budget()),
  };
}

/** A token works once, so a lost answer is looked up in the list, never sent again. */
async function attach(api: JsonApi, input: AttachInput): Promise<MoneyResult<PaymentMethodTruth>> {
  const budget = api.budget();
  const source = await api.call({
    operation: 'paymentMethods.attach',
    method: 'POST',
    path: sourcesPath(input.providerCustomerId),
    body: { type: 'card', token_id: input.token },
    reply: conektaPaymentSource,
    budget,
  });
  const ref = { providerCustomerId: input.providerCustomerId, providerPaymentMethodId: source.id };
  if (!input.setAsDefault) {
    return { outcome: 'succeeded', value: mapPaymentSource(input.providerCustomerId, source, null) };
  }
  return { outcome: 'succeeded', value: await setDefault(api, ref, budget) };
}

async function setDefault(api: JsonApi, ref: PaymentMethodRef, budget: Budget): Promise<PaymentMethodTruth> {
  const customer = await api.call({
    operation: 'paymentMethods.setDefault',
    method: 'PUT',
    path: `/customers/${encodeURIComponent(ref.providerCustomerId)}`,
    body: { default_payment_source_id: ref.providerPaymentMethodId },
    reply: conektaCustomer,
    budget,
  });
  const method = await findSource(api, ref, budget, customer.default_payment_source_id ?? ref.providerPaymentMethodId);
  if (method) return method;
  throw new OutcomeUnknownError('api_error', {
    provider: 'conekta',
    status: 200,
    providerCode: 'payment_source_missing',
  });
}

async function findSource(
  api: JsonApi,
  ref: PaymentMethodRef,
  budget: Budget,
  defaultId: string | null = null,
): Promise<PaymentMethodTruth | null> {
  const customer = await api.find({
    operation: 'customers.get',
    method: 'GET',
    path: `/customers/${encodeURIComponent(ref.providerCustomerId)}`,
    reply: conektaCustomer,
    budget,
  });
  if (!customer) return null;
  const isIt = ({ id }: { readonly id: string }): boolean => id === ref.providerPaymentMethodId;
  const [source] = await readAll(
    api,
    {
      operation: 'paymentMethods.list',
      path: sourcesPath(ref.providerCustomerId),
      reply: conektaPaymentSourcePage,
    },
    budget,
    isIt,
    (found) => found.length > 0,
  );
  if (!source) return null;
  return mapPaymentSource(ref.providerCustomerId, source, defaultId ?? customer.default_payment_source_id ?? null);
}

/** @param defaultId The customer's, where it was read: it wins over the source's own flag. */
export function mapPaymentSource(
  customerId: string,
  source: ConektaPaymentSource,
  defaultId: string | null,
): PaymentMethodTruth {
  const year = Number(source.exp_year ?? NaN);
  const month = Number(source.exp_month ?? NaN);
  return {
    providerPaymentMethodId: source.id,
    providerCustomerId: customerId,
    type: typeOf(source.type),
    brand: source.brand?.toLowerCase() ?? null,
    last4: source.last4 ?? null,
    expMonth: Number.isInteger(month) ? month : null,
    // Two digits in 2.2; older rows have four.
    expYear: Number.isInteger(year) ? (year < 100 ? 2000 + year : year) : null,
    country: null,
    isDefault: defaultId === null ? (source.default ?? false) : defaultId === source.id,
  };
}

/** `oxxo_recurrent` left the document in August 2025; old rows may still show it. */
function typeOf(type: string): string {
  switch (type) {
    case 'cash_recurrent':
      return 'cash';
    case 'oxxo_recurrent':
      return 'oxxo';
    case 'spei_recurrent':
      return 'spei';
    default:
      return type;
  }
}

function sourcesPath(customerId: string): string {
  return `/customers/${encodeURIComponent(customerId)}/payment_sources`;
}

function asDeclined(error: unknown): MoneyResult<PaymentMethodTruth> {
  if (!(error instanceof ConektaDeclinedError)) return asUnknown(error);
  return { outcome: 'declined', declineCode: error.declineCode, providerCode: error.providerCode, value: null };
}
