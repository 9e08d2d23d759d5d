import { ORGANIZATION_SLUG, type PolarContext } from './context.ts';
import { subscriptionMeters } from './customer-state.ts';
import { standingOf } from './metering.ts';
import type { Customer, CustomerMeter, Grant, Order, Subscription } from './objects.ts';
import { showOrder } from './order-object.ts';
import { portalSettings, publicOrganization } from './organization.ts';
import { publicProduct } from './product-object.ts';
import { showSubscription } from './subscription-object.ts';

const omit = (object: Record<string, unknown>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** The organization as its customers see it in the portal. */
export function portalOrganization(polar: PolarContext): object {
  return {
    ...publicOrganization(polar),
    slug: ORGANIZATION_SLUG,
    customer_portal_settings: portalSettings(polar),
    organization_features: { member_model_enabled: false, checkout_localization_enabled: false },
  };
}

export function portalCustomerObject(customer: Customer): object {
  const { id, created_at, modified_at, email, name, billing_name, billing_address, tax_id } = customer;
  const { email_verified, locale, default_payment_method_id } = customer;
  return {
    ...{ id, created_at, modified_at, email, email_verified, name, billing_name, billing_address, tax_id },
    oauth_accounts: customer['oauth_accounts'] ?? {},
    default_payment_method_id,
    type: 'individual',
    locale,
  };
}

function portalProduct(polar: PolarContext, id: string | null): object | null {
  const product = id === null ? undefined : polar.products.get(id);
  return product ? { ...publicProduct(polar, product), organization: portalOrganization(polar) } : null;
}

export function portalSubscription(polar: PolarContext, subscription: Subscription): object {
  const shown = showSubscription(polar, subscription);
  const meters = subscriptionMeters(polar, subscription).map((own) => {
    const meter = polar.meters.get(String(own['meter_id']));
    return {
      ...own,
      meter: meter ? omit({ ...meter }, ['filter', 'aggregation', 'metadata', 'organization_id']) : null,
    };
  });
  return {
    ...omit(shown, ['customer', 'discount', 'metadata', 'custom_field_data']),
    product: portalProduct(polar, subscription.product_id),
    meters,
  };
}

export function portalOrder(polar: PolarContext, order: Order): object {
  const shown = showOrder(polar, order);
  const hidden = [
    'customer',
    'discount',
    'metadata',
    'custom_field_data',
    'platform_fee_amount',
    'platform_fee_currency',
  ];
  const subscription = shown['subscription'] as Record<string, unknown> | null;
  return {
    ...omit(shown, hidden),
    product: portalProduct(polar, order.product_id),
    subscription: subscription === null ? null : omit(subscription, ['metadata']),
  };
}

/** Of a benefit's properties, what the customer may know. */
function subscriberProperties(type: string, properties: Record<string, unknown>): object {
  const { note, guild_id, repository_owner, repository_name, files, prefix, expires, activations, limit_usage } =
    properties;
  switch (type) {
    case 'custom':
      return { note };
    case 'discord':
      return { guild_id };
    case 'github_repository':
      return { repository_owner, repository_name };
    case 'downloadables':
      return { active_files: files };
    case 'license_keys':
      return { prefix, expires, activations, limit_usage };
    case 'meter_credit':
      return properties;
    default:
      return {};
  }
}

export function portalGrant(polar: PolarContext, grant: Grant): object {
  const benefit = polar.benefits.get(grant.benefit_id);
  const customer = polar.customers.get(grant.customer_id);
  return {
    ...grant,
    member_id: null,
    customer: customer ? portalCustomerObject(customer) : null,
    benefit: benefit
      ? {
          ...omit({ ...benefit }, ['metadata', 'visibility', 'visibility_configurable']),
          organization: publicOrganization(polar),
          properties: subscriberProperties(benefit.type, benefit.properties),
        }
      : null,
  };
}

export function portalMeter(polar: PolarContext, own: CustomerMeter): object {
  const { since_ms: _since, ...stored } = own;
  const meter = polar.meters.get(own.meter_id);
  return {
    ...stored,
    ...standingOf(polar, own),
    meter: meter
      ? { id: meter.id, created_at: meter.created_at, modified_at: meter.modified_at, name: meter.name }
      : null,
  };
}
