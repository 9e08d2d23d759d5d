import { z } from 'zod';
import type { Route } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { invalid, noSuch } from '../errors.ts';
import { expanded } from '../expand.ts';
import { inRange, listPage } from '../listing.ts';
import type { PaymentIntent } from '../objects.ts';
import { expand, formOf, page, parse, range, refusePaymentMethodTypes, text } from '../params.ts';
import { intentCancel, intentCapture, intentConfirm, intentCreate, intentUpdate } from './intent-params.ts';
import { cancelIntent, captureIntent, confirm, createIntent, updateIntent } from './intents.ts';

const listParams = z.strictObject({
  ...page,
  created: range.optional(),
  customer: text.optional(),
  customer_account: text.optional(),
});
const PATH = '/v1/payment_intents';

export function paymentIntentRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.paymentIntents, (id) => noSuch('payment_intent', id, 'intent'));
  const act = <T extends z.ZodType<{ expand?: string[] | undefined }>>(
    name: string,
    schema: T,
    work: (intent: PaymentIntent, params: z.output<T>) => PaymentIntent,
  ): Route => ({
    method: 'post',
    path: name === 'update' ? `${PATH}/:id` : `${PATH}/:id/${name}`,
    operations: [`payments.${name}`],
    handle(request) {
      const form = formOf(request);
      refusePaymentMethodTypes(form);
      const params = parse(schema, form);
      return { status: 200, body: expanded(stripe, work(found(request), params), params.expand) };
    },
  });
  return [
    {
      method: 'post',
      path: PATH,
      operations: ['payments.create'],
      handle(request) {
        const form = formOf(request);
        refusePaymentMethodTypes(form);
        const params = parse(intentCreate, form);
        return { status: 200, body: expanded(stripe, createIntent(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: PATH,
      operations: ['payments.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        const source =
          params.customer === undefined
            ? stripe.paymentIntents.newestFirst()
            : stripe.paymentIntents.findBy('customer', params.customer).reverse();
        const list = listPage(source, PATH, params, (doc) => inRange(doc.created, params.created));
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      operations: ['payments.get'],
      handle(request) {
        const params = parse(z.strictObject({ expand, client_secret: text.optional() }), formOf(request));
        return { status: 200, body: expanded(stripe, found(request), params.expand) };
      },
    },
    act('update', intentUpdate, (intent, params) => updateIntent(stripe, intent, params)),
    act('confirm', intentConfirm, (intent, params) => confirm(stripe, intent, params)),
    act('capture', intentCapture, (intent, params) => captureIntent(stripe, intent, params)),
    act('cancel', intentCancel, (intent, params) => {
      if (stripe.intentNotes.get(intent.id)?.ownedBy != null) {
        throw invalid(
          'You cannot cancel this PaymentIntent because it was created by an invoice or a Checkout Session. Void the invoice or expire the session instead.',
          { code: 'payment_intent_unexpected_state' },
        );
      }
      return cancelIntent(stripe, intent, params);
    }),
  ];
}
