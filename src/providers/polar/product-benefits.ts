import type { JsonApi } from '../json-api.ts';
import { polarProduct } from './wire.ts';

/** A product then brings exactly these benefits; who has bought it gains and loses them accordingly. */
export async function setProductBenefits(
  api: JsonApi,
  productId: string,
  benefitIds: readonly string[],
): Promise<void> {
  await api.call({
    operation: 'products.benefits',
    method: 'POST',
    path: `/v1/products/${encodeURIComponent(productId)}/benefits`,
    body: { benefits: benefitIds },
    reply: polarProduct,
  });
}
