import { base62 } from '../../core/ids.ts';
import type { StripeContext } from '../context.ts';
import type { PaymentIntent, SetupIntent } from '../objects.ts';

type Strings = Record<string, string>;

interface NewIntent {
  amount: number;
  currency: string;
  customer: string | null;
  metadata: Strings;
  description: string | null;
  types: string[];
  /** Added to the charge's metadata in the sandbox's ledger only: what the checkout knew. */
  ledgerMetadata?: Strings;
  fields?: Record<string, unknown>;
}

export function newPaymentIntent(stripe: StripeContext, input: NewIntent): PaymentIntent {
  const id = `pi_3${base62(23)}`;
  const intent: PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: input.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: `${id}_secret_${base62(25)}`,
    confirmation_method: 'automatic',
    created: stripe.now(),
    currency: input.currency,
    customer: input.customer,
    customer_account: null,
    description: input.description,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: input.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: input.types,
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
    ...input.fields,
  };
  stripe.intentNotes.put({ id, ledgerMetadata: input.ledgerMetadata ?? {}, returnUrl: null, ownedBy: null });
  stripe.paymentIntents.put(intent);
  stripe.emit('payment_intent.created', intent);
  return intent;
}

interface NewSetup {
  customer: string | null;
  metadata: Strings;
  types: string[];
  fields?: Record<string, unknown>;
}

export function newSetupIntent(stripe: StripeContext, input: NewSetup): SetupIntent {
  const id = `seti_1${base62(23)}`;
  const intent: SetupIntent = {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${base62(25)}`,
    created: stripe.now(),
    customer: input.customer,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    managed_payments: null,
    mandate: null,
    metadata: input.metadata,
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: input.types,
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: 'off_session',
    ...input.fields,
  };
  stripe.intentNotes.put({ id, ledgerMetadata: {}, returnUrl: null, ownedBy: null });
  stripe.setupIntents.put(intent);
  stripe.emit('setup_intent.created', intent);
  return intent;
}
