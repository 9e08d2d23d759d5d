import type { PolarContext } from './context.ts';
import type { Discount, Product } from './objects.ts';
import { showPrice } from './pricing.ts';

interface AttachedField {
  custom_field_id: string;
  required: boolean;
}

export function attachedFields(polar: PolarContext, product: Product): object[] {
  const known = polar.sandbox.store.collection<{ id: string }>('polar/custom_fields');
  const attached = (product['custom_fields'] ?? []) as AttachedField[];
  return attached.flatMap(({ custom_field_id, required }, at) => {
    const field = known.get(custom_field_id);
    return field ? [{ custom_field_id, custom_field: field, order: at, required }] : [];
  });
}

/** Only what nobody ever bought can be deleted. */
export function isSold(polar: PolarContext, productId: string): boolean {
  return (
    polar.orders.findBy('product', productId).length > 0 || polar.subscriptions.findBy('product', productId).length > 0
  );
}

/** A product as the API shows it. */
export function showProduct(
  polar: PolarContext,
  product: Product,
): Record<string, unknown> & { id: string; created_at: string } {
  const { benefit_ids: benefitIds, custom_fields: _fields, prices, ...stored } = product;
  return {
    ...stored,
    prices: prices.map((price) => showPrice(polar, price)),
    benefits: benefitIds.flatMap((id) => polar.benefits.get(id) ?? []),
    medias: [],
    is_deletable: !isSold(polar, product.id),
    attached_custom_fields: attachedFields(polar, product),
  };
}

/** A product inside an order or a discount: nothing of its prices and benefits. */
export function bareProduct(product: Product): object {
  const { benefit_ids: _benefits, custom_fields: _fields, prices: _prices, ...stored } = product;
  return stored;
}

const PUBLIC_BENEFIT = [
  ...['id', 'created_at', 'modified_at', 'type', 'description'],
  ...['selectable', 'deletable', 'is_deleted', 'organization_id'],
];

/** A product as buyers see it: no metadata, and of each benefit only its description. */
export function publicProduct(polar: PolarContext, product: Product): Record<string, unknown> {
  const { metadata: _metadata, attached_custom_fields: _fields, ...shown } = showProduct(polar, product);
  return {
    ...shown,
    benefits: product.benefit_ids.flatMap((id) => {
      const benefit = polar.benefits.get(id);
      return benefit ? [Object.fromEntries(PUBLIC_BENEFIT.map((name) => [name, benefit[name]]))] : [];
    }),
  };
}

export function showDiscount(
  polar: PolarContext,
  discount: Discount,
): Record<string, unknown> & { created_at: string } {
  const { product_ids: productIds, ...stored } = discount;
  return {
    ...stored,
    products: productIds.flatMap((id) => {
      const product = polar.products.get(id);
      return product ? [bareProduct(product)] : [];
    }),
  };
}

/** A discount inside a subscription or an order. */
export function bareDiscount(polar: PolarContext, id: string | null): object | null {
  const discount = id === null ? undefined : polar.discounts.get(id);
  if (!discount) return null;
  const { product_ids: _products, ...stored } = discount;
  return stored;
}
