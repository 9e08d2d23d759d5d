import { z } from 'zod';
import { judgeCard } from '../core/cards.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { PolarContext } from './context.ts';
import { toAddress } from './customers.ts';
import { emitState } from './customer-state.ts';
import { failed, notFound, refuse } from './errors.ts';
import type { Customer } from './objects.ts';
import { isInUse, paymentMethodPage, removePaymentMethod, saveCard, showPaymentMethod } from './payment-methods.ts';
import { portalCustomerObject } from './portal-objects.ts';
import { portalCustomer } from './sessions.ts';
import { retryPayment } from './subscription-cycle.ts';
import { taxIdKind } from './tax.ts';
import { address, parse } from './validation.ts';

const ME = '/v1/customer-portal/customers/me';
const EXPIRY_MONTH = 12;
const EXPIRY_YEARS = 5;

const updateBody = z.object({
  billing_name: z.string().nullish(),
  billing_address: address.nullish(),
  tax_id: z.string().nullish(),
  default_payment_method_id: z.uuid().nullish(),
});
const cardBody = z.object({ confirmation_token_id: z.string(), set_default: z.boolean(), return_url: z.string() });
const confirmBody = z.object({ setup_intent_id: z.string(), set_default: z.boolean() });

function update(polar: PolarContext, customer: Customer, body: z.output<typeof updateBody>): Customer {
  if (body.billing_name !== undefined) customer.billing_name = body.billing_name;
  if (body.billing_address != null) customer.billing_address = toAddress(body.billing_address);
  if (body.tax_id !== undefined) customer.tax_id = body.tax_id === null ? null : [body.tax_id, taxIdKind(body.tax_id)];
  if (body.default_payment_method_id != null) {
    const method = polar.paymentMethods.get(body.default_payment_method_id);
    if (method?.customer_id !== customer.id)
      throw refuse(
        ['body', 'default_payment_method_id'],
        'Payment method does not exist.',
        body.default_payment_method_id,
      );
    customer.default_payment_method_id = method.id;
  }
  customer.modified_at = polar.now();
  polar.customers.put(customer);
  polar.emit('customer.updated', customer);
  emitState(polar, customer.id);
  return customer;
}

/** The browser library's token is here the test card's number; a 3-D Secure card asks for the confirmation step. */
function addCard(polar: PolarContext, customer: Customer, body: z.output<typeof cardBody>): object {
  const number = body.confirmation_token_id.replaceAll(/\D/g, '') || '4242424242424242';
  const verdict = judgeCard('polar', {
    number,
    expMonth: EXPIRY_MONTH,
    expYear: new Date(polar.sandbox.clock.nowMs()).getUTCFullYear() + EXPIRY_YEARS,
    cvc: '123',
    name: customer.name,
  });
  if (verdict.decline) throw failed(400, 'PaymentMethodSetupFailed', verdict.decline.message);
  if (verdict.outcome === 'challenge')
    return { status: 'requires_action', client_secret: `seti_${number}_secret_sandbox` };
  return { status: 'succeeded', payment_method: save(polar, customer, verdict.card, body.set_default) };
}

function save(
  polar: PolarContext,
  customer: Customer,
  card: ReturnType<typeof judgeCard>['card'],
  setDefault: boolean,
): object {
  const method = saveCard(polar, customer, card, setDefault);
  for (const subscription of polar.subscriptions.findBy('customer', customer.id)) {
    if (subscription.status !== 'past_due' || !setDefault) continue;
    subscription.internal.paymentMethodId = method.id;
    retryPayment(polar, subscription, 'retry_payment_method_update');
  }
  return showPaymentMethod(polar, method);
}

export function portalCustomerRoutes(polar: PolarContext): Route[] {
  const me = (request: ApiRequest): Customer => portalCustomer(polar, request);
  return [
    {
      method: 'get',
      path: ME,
      operations: ['portal.customers.get'],
      handle: (request) => ({ status: 200, body: portalCustomerObject(me(request)) }),
    },
    {
      method: 'patch',
      path: ME,
      operations: ['portal.customers.update'],
      handle: (request) => ({
        status: 200,
        body: portalCustomerObject(update(polar, me(request), parse(updateBody, request))),
      }),
    },
    {
      method: 'get',
      path: `${ME}/payment-methods`,
      operations: ['portal.payment_methods.list'],
      handle: (request) => ({ status: 200, body: paymentMethodPage(polar, request, me(request)) }),
    },
    {
      method: 'post',
      path: `${ME}/payment-methods`,
      operations: ['portal.payment_methods.create'],
      handle: (request) => ({ status: 201, body: addCard(polar, me(request), parse(cardBody, request)) }),
    },
    {
      method: 'post',
      path: `${ME}/payment-methods/confirm`,
      operations: ['portal.payment_methods.confirm'],
      handle(request) {
        const customer = me(request);
        const body = parse(confirmBody, request);
        const number = body.setup_intent_id.replaceAll(/\D/g, '') || '4242424242424242';
        const expYear = new Date(polar.sandbox.clock.nowMs()).getUTCFullYear() + EXPIRY_YEARS;
        const input = { number, expMonth: EXPIRY_MONTH, expYear, cvc: '123', name: customer.name };
        const shown = save(polar, customer, judgeCard('polar', input).card, body.set_default);
        return { status: 201, body: { status: 'succeeded', payment_method: shown } };
      },
    },
    {
      method: 'delete',
      path: `${ME}/payment-methods/:id`,
      operations: ['portal.payment_methods.delete'],
      handle(request) {
        const customer = me(request);
        const method = polar.paymentMethods.get(request.params['id'] ?? '');
        if (method?.customer_id !== customer.id) throw notFound();
        if (isInUse(polar, method))
          throw failed(
            400,
            'PaymentMethodInUseByActiveSubscription',
            'This payment method is used by an active subscription.',
          );
        removePaymentMethod(polar, method);
        return { status: 204 };
      },
    },
  ];
}
