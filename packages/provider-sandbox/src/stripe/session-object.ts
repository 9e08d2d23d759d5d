import { base62 } from '../core/ids.ts';
import { listPage } from './listing.ts';
import type { ListOf, Session, SessionLine, StoredSession } from './objects.ts';

/** The fields of a new session the sandbox does not act on, as a plain account shows them. */
export function sessionDefaults(): Record<string, unknown> {
  return {
    adaptive_pricing: { enabled: true },
    after_expiration: null,
    allow_promotion_codes: null,
    allowed_payment_method_types: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    branding_settings: null,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    currency_conversion: null,
    custom_fields: [],
    custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
    customer_account: null,
    integration_identifier: null,
    invoice_creation: null,
    livemode: false,
    managed_payments: null,
    origin_context: null,
    payment_link: null,
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    submit_type: null,
    ui_mode: 'hosted_page',
    wallet_options: null,
  };
}

export const newSessionId = (): string => `cs_test_a1${base62(56)}`;

function lineItem(line: SessionLine): { id: string } & Record<string, unknown> {
  return {
    id: line.id,
    object: 'item',
    adjustable_quantity: null,
    amount_discount: line.discount,
    amount_subtotal: line.subtotal,
    amount_tax: line.taxes.reduce((sum, tax) => sum + tax.amount, 0),
    amount_total: line.subtotal - line.discount + line.tax,
    currency: line.price.currency,
    description: line.description ?? line.productName,
    metadata: {},
    price: line.price,
    quantity: line.quantity,
  };
}

export function sessionLineItems(
  stored: StoredSession,
  page: { limit?: number | undefined; starting_after?: string | undefined } | undefined,
): ListOf<{ id: string }> {
  const url = `/v1/checkout/sessions/${stored.id}/line_items`;
  return structuredClone(listPage(stored.plan.lines.map(lineItem), url, page ?? {}));
}

/** `{CHECKOUT_SESSION_ID}` in URLs is replaced when a person is sent there. */
export function withSessionId(url: string | null, session: Session): string | null {
  return url?.replaceAll('{CHECKOUT_SESSION_ID}', session.id) ?? null;
}
