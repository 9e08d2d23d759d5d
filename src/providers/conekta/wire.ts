import { z } from 'zod';

/** The fields we read of Conekta API 2.2.0 (OpenAPI of 2026-07-23 and its mock server). Statuses are free strings there. */
const text = z.string().nullish();
const unix = z.number().nullish();
const metadata = z.record(z.string(), z.unknown()).nullish();

function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item) }).nullish();
}

/** One page of a list. The next page starts after the last `id`. */
function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ data: z.array(item), has_more: z.boolean().nullish() });
}

export const conektaCustomer = z.object({
  id: z.string(),
  email: text,
  custom_reference: text,
  default_payment_source_id: text,
  metadata,
});

/** `exp_month` and `exp_year` are two digits, as text. */
export const conektaPaymentSource = z.object({
  id: z.string(),
  type: z.string(),
  last4: text,
  brand: text,
  exp_month: text,
  exp_year: text,
  default: z.boolean().nullish(),
});

/** Rows carry negative amounts; statuses are free strings and often absent. */
export const conektaRefund = z.object({ id: z.string(), amount: z.int(), created_at: unix, status: text });

export const conektaChargeback = z.object({
  id: z.string(),
  status: text,
  reason: text,
  created_at: unix,
  evidence_due_by: unix,
});

export const conektaCharge = z.object({
  id: z.string(),
  status: text,
  amount: z.int(),
  currency: z.string(),
  created_at: unix,
  paid_at: unix,
  failure_code: text,
  payment_method: z
    .object({
      object: text,
      type: text,
      reference: text,
      clabe: text,
      barcode_url: text,
      expires_at: unix,
      store_name: text,
      store_names: z.array(z.string()).nullish(),
      product_type: text,
    })
    .nullish(),
  order_id: text,
  reference_id: text,
  refunds: listOf(conektaRefund),
  chargeback: conektaChargeback.nullish(),
});

export const conektaCheckout = z.object({
  id: z.string(),
  status: text,
  url: text,
  expires_at: unix,
  allowed_payment_methods: z.array(z.string()).nullish(),
});

export const conektaOrder = z.object({
  id: z.string(),
  amount: z.int(),
  currency: z.string(),
  payment_status: text,
  amount_refunded: z.int().nullish(),
  created_at: unix,
  customer_info: z.object({ customer_id: text }).nullish(),
  checkout: conektaCheckout.nullish(),
  charges: listOf(conektaCharge),
  tax_lines: listOf(z.object({ amount: z.int() })),
  line_items: listOf(z.object({ name: text, description: text, quantity: z.int(), unit_price: z.int() })),
  is_refundable: z.boolean().nullish(),
  next_action: z.object({ type: text, redirect_to_url: z.object({ url: text }).nullish() }).nullish(),
  metadata,
});

export const conektaOrderPage = pageOf(conektaOrder);
export const conektaChargePage = pageOf(conektaCharge);

export const conektaSubscription = z.object({
  id: z.string(),
  status: z.string(),
  plan_id: text,
  card_id: text,
  customer_id: text,
  last_billing_cycle_order_id: text,
  created_at: unix,
  billing_cycle_start: unix,
  billing_cycle_end: unix,
  trial_start: unix,
  trial_end: unix,
  paused_at: unix,
  canceled_at: unix,
});

export const conektaSubscriptionPage = pageOf(conektaSubscription);
export const conektaCustomerPage = pageOf(conektaCustomer);
export const conektaPaymentSourcePage = pageOf(conektaPaymentSource);

export const conektaPlan = z.object({
  id: z.string(),
  name: text,
  amount: z.int(),
  currency: z.string(),
  interval: text,
  frequency: z.int().nullish(),
});

export const conektaPlanPage = pageOf(conektaPlan);

export const conektaPortal = z.object({ portal_url: z.string() });
export const conektaCompany = z.object({ id: text, name: text });
export const conektaWebhookKey = z.object({ id: z.string(), public_key: z.string() });
export const conektaWebhookEndpoint = z.object({
  id: z.string(),
  url: z.string(),
  status: text,
  active: z.boolean().nullish(),
});
export const conektaWebhookEndpointPage = pageOf(conektaWebhookEndpoint);

/** For a person's export: whatever Conekta tells, as it tells it. */
export const conektaAnything = z.looseObject({ id: z.string() });
export const conektaAnythingPage = pageOf(conektaAnything);
export const conektaRawOrderPage = pageOf(
  z.looseObject({ id: z.string(), customer_info: z.looseObject({ customer_id: text }).nullish(), metadata }),
);

/** `data` is the whole created order on a decline (docs "Errores" and the mock server; not in the document). */
export const conektaError = z.object({
  type: text,
  details: z.array(z.object({ code: text, message: text, param: text })).nullish(),
  data: z.unknown().optional(),
});

export const conektaEvent = z.object({
  id: z.string(),
  type: z.string(),
  livemode: z.boolean().nullish(),
  created_at: unix,
  data: z.looseObject({
    object: z
      .looseObject({
        id: text,
        object: text,
        order_id: text,
        charge_id: text,
        chargeback: z.looseObject({ id: text }).nullish(),
        customer_id: text,
        last_billing_cycle_order_id: text,
        customer_info: z.object({ customer_id: text }).nullish(),
        checkout: z.object({ id: text }).nullish(),
        metadata,
      })
      .nullish(),
  }),
});

export const conektaEventPage = pageOf(conektaEvent);

export type ConektaCustomer = z.output<typeof conektaCustomer>;
export type ConektaPaymentSource = z.output<typeof conektaPaymentSource>;
export type ConektaRefund = z.output<typeof conektaRefund>;
export type ConektaEvent = z.output<typeof conektaEvent>;
export type ConektaOrder = z.output<typeof conektaOrder>;
export type ConektaCharge = z.output<typeof conektaCharge>;
export type ConektaSubscription = z.output<typeof conektaSubscription>;
export type ConektaPlan = z.output<typeof conektaPlan>;
