import { base62 } from '../core/ids.ts';
import type { StripeContext } from './context.ts';
import type { Product } from './objects.ts';

export function newProduct(
  stripe: StripeContext,
  input: { id?: string | undefined; name: string; description?: string | undefined; metadata?: Record<string, string> },
): Product {
  const product: Product = {
    id: input.id ?? `prod_${base62(14)}`,
    object: 'product',
    active: true,
    created: stripe.now(),
    default_price: null,
    description: input.description ?? null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: input.metadata ?? {},
    name: input.name,
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    unit_label: null,
    updated: stripe.now(),
    url: null,
  };
  stripe.products.put(product);
  return product;
}
