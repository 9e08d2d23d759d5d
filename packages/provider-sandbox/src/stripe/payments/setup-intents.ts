import { z } from 'zod';
import type { Decline } from '../../core/cards.ts';
import type { ApiRequest, Route } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { cardError, invalid, noSuch, paymentFailure } from '../errors.ts';
import { expanded } from '../expand.ts';
import { inRange, listPage } from '../listing.ts';
import type { PaymentMethod, SetupIntent } from '../objects.ts';
import {
  expand,
  formOf,
  mergeMetadata,
  opaque,
  page,
  parse,
  range,
  refusePaymentMethodTypes,
  text,
} from '../params.ts';
import { newMandateId, openChallenge } from './confirm.ts';
import { newSetupIntent } from './intent-object.ts';
import { intentCancel, setupConfirm, setupCreate, setupUpdate } from './intent-params.ts';
import { checkMethodFits, chosenMethod, stringsOf, typesFor } from './intents.ts';
import { cardOf } from './method-object.ts';
import { typeOf } from './method-types.ts';

const listParams = z.strictObject({
  ...page,
  ...opaque('attach_to_self customer_account'),
  created: range.optional(),
  customer: text.optional(),
  payment_method: text.optional(),
});

/** Authenticated once: attached to its customer, and later charges without a person go through. */
export function succeedSetup(stripe: StripeContext, intent: SetupIntent, method: PaymentMethod): void {
  const mandate = typeOf(method.type)?.flow === 'debit' ? newMandateId() : null;
  Object.assign(intent, {
    status: 'succeeded',
    payment_method: method.id,
    next_action: null,
    last_setup_error: null,
    mandate,
  });
  const instrument = stripe.instruments.get(method.id);
  if (instrument) stripe.instruments.put({ ...instrument, isSetUp: true });
  if (intent.customer !== null && method.customer === null) {
    method.customer = intent.customer;
    stripe.paymentMethods.put(method);
    stripe.emit('payment_method.attached', method);
  }
  stripe.setupIntents.put(intent);
  stripe.emit('setup_intent.succeeded', intent);
}

export function failSetup(stripe: StripeContext, intent: SetupIntent, method: PaymentMethod, decline: Decline): void {
  Object.assign(intent, {
    status: 'requires_payment_method',
    payment_method: null,
    next_action: null,
    last_setup_error: { ...cardError(decline), payment_method: structuredClone(method) },
  });
  stripe.setupIntents.put(intent);
  stripe.emit('setup_intent.setup_failed', intent);
}

function setMethod(intent: SetupIntent, method: PaymentMethod): void {
  checkMethodFits({ customer: intent.customer, types: stringsOf(intent['payment_method_types']) }, method);
  intent.payment_method = method.id;
  if (intent.status === 'requires_payment_method') intent.status = 'requires_confirmation';
}

function confirmSetup(
  stripe: StripeContext,
  intent: SetupIntent,
  params: Omit<z.output<typeof setupConfirm>, 'expand'>,
): SetupIntent {
  if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
    throw invalid(`You cannot confirm this SetupIntent because it has a status of ${intent.status}.`, {
      code: 'setup_intent_unexpected_state',
    });
  }
  const named = chosenMethod(stripe, params);
  if (named) setMethod(intent, named);
  const method = intent.payment_method === null ? undefined : stripe.paymentMethods.get(intent.payment_method);
  if (!method) {
    throw invalid('You cannot confirm this SetupIntent because it is missing a payment method.', {
      code: 'setup_intent_unexpected_state',
    });
  }
  const behaviour = stripe.instruments.get(method.id)?.behaviour;
  // `0341` can be set up; it fails on charging.
  if (behaviour?.charge && cardOf(stripe, method)?.renewal !== 'declines') {
    failSetup(stripe, intent, method, behaviour.charge);
    throw paymentFailure(behaviour.charge, {
      setup_intent: structuredClone(intent),
      payment_method: structuredClone(method),
    });
  }
  const asks = (behaviour?.authentication ?? 'none') !== 'none' || typeOf(method.type)?.flow === 'redirect';
  if (!asks) succeedSetup(stripe, intent, method);
  else {
    const action = openChallenge(stripe, intent, cardOf(stripe, method), params.return_url ?? null);
    Object.assign(intent, { status: 'requires_action', next_action: action });
    stripe.setupIntents.put(intent);
    const notes = stripe.intentNotes.get(intent.id);
    if (notes) stripe.intentNotes.put({ ...notes, returnUrl: params.return_url ?? null });
    stripe.emit('setup_intent.requires_action', intent);
  }
  return intent;
}

function createSetup(stripe: StripeContext, params: z.output<typeof setupCreate>): SetupIntent {
  if (params.customer !== undefined) requireCustomer(stripe, params.customer, 'customer', 400);
  const types = typesFor(params, { use: 'setup', currency: null, hasCustomer: params.customer !== undefined });
  const automatic = params.automatic_payment_methods;
  const intent = newSetupIntent(stripe, {
    customer: params.customer ?? null,
    metadata: mergeMetadata({}, params.metadata),
    types,
    fields: {
      allowed_payment_method_types: params.allowed_payment_method_types ?? null,
      automatic_payment_methods: {
        allow_redirects: automatic?.allow_redirects ?? 'always',
        enabled: automatic?.enabled ?? true,
      },
      description: params.description ?? null,
      excluded_payment_method_types: params.excluded_payment_method_types ?? null,
      usage: params.usage ?? 'off_session',
    },
  });
  const { confirm, ...rest } = params;
  if (confirm === true) return confirmSetup(stripe, intent, rest);
  const method = chosenMethod(stripe, params);
  if (method) {
    setMethod(intent, method);
    stripe.setupIntents.put(intent);
  }
  return intent;
}

function updateSetup(stripe: StripeContext, intent: SetupIntent, params: z.output<typeof setupUpdate>): SetupIntent {
  if (params.customer !== undefined) intent.customer = requireCustomer(stripe, params.customer, 'customer', 400).id;
  if (params.description !== undefined) intent['description'] = params.description;
  intent.metadata = mergeMetadata(intent.metadata, params.metadata);
  const method = chosenMethod(stripe, params);
  if (method) setMethod(intent, method);
  return stripe.setupIntents.put(intent);
}

function cancelSetup(stripe: StripeContext, intent: SetupIntent, reason: string | undefined): SetupIntent {
  if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
    throw invalid(`You cannot cancel this SetupIntent because it has a status of ${intent.status}.`, {
      code: 'setup_intent_unexpected_state',
    });
  }
  Object.assign(intent, { status: 'canceled', cancellation_reason: reason ?? null, next_action: null });
  stripe.setupIntents.put(intent);
  stripe.emit('setup_intent.canceled', intent);
  return intent;
}

const PATH = '/v1/setup_intents';

function actions(stripe: StripeContext, found: (request: ApiRequest) => SetupIntent): Route[] {
  return [
    {
      method: 'post',
      path: `${PATH}/:id`,
      operations: ['setup_intents.update'],
      handle(request) {
        const params = parse(setupUpdate, formOf(request));
        return { status: 200, body: expanded(stripe, updateSetup(stripe, found(request), params), params.expand) };
      },
    },
    {
      method: 'post',
      path: `${PATH}/:id/confirm`,
      operations: ['setup_intents.confirm'],
      handle(request) {
        const params = parse(setupConfirm, formOf(request));
        return { status: 200, body: expanded(stripe, confirmSetup(stripe, found(request), params), params.expand) };
      },
    },
    {
      method: 'post',
      path: `${PATH}/:id/cancel`,
      operations: ['setup_intents.cancel'],
      handle(request) {
        const params = parse(intentCancel, formOf(request));
        const canceled = cancelSetup(stripe, found(request), params.cancellation_reason);
        return { status: 200, body: expanded(stripe, canceled, params.expand) };
      },
    },
  ];
}

export function setupIntentRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.setupIntents, (id) => noSuch('setupintent', id, 'intent'));
  return [
    {
      method: 'post',
      path: PATH,
      operations: ['setup_intents.create'],
      handle(request) {
        const form = formOf(request);
        refusePaymentMethodTypes(form);
        const params = parse(setupCreate, form);
        return { status: 200, body: expanded(stripe, createSetup(stripe, params), params.expand) };
      },
    },
    {
      method: 'get',
      path: PATH,
      operations: ['setup_intents.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        const keep = (doc: SetupIntent): boolean =>
          inRange(doc.created, params.created) &&
          (params.customer === undefined || doc.customer === params.customer) &&
          (params.payment_method === undefined || doc.payment_method === params.payment_method);
        const list = listPage(stripe.setupIntents.newestFirst(), PATH, params, keep);
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      operations: ['setup_intents.get'],
      handle(request) {
        const params = parse(z.strictObject({ expand, client_secret: text.optional() }), formOf(request));
        return { status: 200, body: expanded(stripe, found(request), params.expand) };
      },
    },
    ...actions(stripe, found),
  ];
}
