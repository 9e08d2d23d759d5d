import { z } from 'zod';
import type { JsonApi } from '../json-api.ts';
import type { BenefitOperations } from '../port-catalog.ts';
import { BENEFIT_TYPES, benefitBody } from './benefit-properties.ts';
import { createDirectGrants } from './direct-grants.ts';
import { mapBenefit, mapGrant } from './map-benefits.ts';
import type { PolarOrganization } from './organization.ts';
import { MAX_PAGE, mapPage, readPage } from './paging.ts';
import { setProductBenefits } from './product-benefits.ts';
import { polarBenefit, polarBenefitGrant, type PolarBenefit } from './wire-benefits.ts';
import { pageOf } from './wire.ts';

/** Definitions are found again by `metadata.benefit_id`; grants follow products, directly or by a hidden free one. */
export function createPolarBenefits(api: JsonApi, organization: () => Promise<PolarOrganization>): BenefitOperations {
  const update = async (id: string, body: Readonly<Record<string, unknown>>): Promise<PolarBenefit> =>
    api.call({ operation: 'benefits.update', method: 'PATCH', path: pathOf(id), body, reply: polarBenefit });
  return {
    types: BENEFIT_TYPES,
    async ensure(input) {
      const body = benefitBody(input);
      const found = await findByOurId(api, input.benefitId);
      if (found) return mapBenefit(found);
      const created = await api.call({
        operation: 'benefits.create',
        method: 'POST',
        path: '/v1/benefits/',
        body,
        reply: polarBenefit,
      });
      return mapBenefit(created);
    },
    update: async (input) => mapBenefit(await update(input.providerBenefitId, benefitBody(input))),
    async get(id) {
      const found = await api.find({
        operation: 'benefits.get',
        method: 'GET',
        path: pathOf(id),
        reply: polarBenefit,
      });
      return found && mapBenefit(found);
    },
    async list(query) {
      const page = await readPage(
        api,
        { operation: 'benefits.list', path: '/v1/benefits/', query: { sorting: '-created_at' }, item: polarBenefit },
        query,
      );
      return mapPage(page, mapBenefit);
    },
    async remove({ providerBenefitId }) {
      await api.find({
        operation: 'benefits.remove',
        method: 'DELETE',
        path: pathOf(providerBenefitId),
        reply: z.unknown(),
      });
    },
    setForProduct: ({ providerProductId, providerBenefitIds }) =>
      setProductBenefits(api, providerProductId, providerBenefitIds),
    async grants({ providerCustomerId, ...query }) {
      const page = await readPage(
        api,
        {
          operation: 'benefit_grants.list',
          path: '/v1/benefit-grants/',
          query: { customer_id: providerCustomerId, sorting: '-created_at' },
          item: polarBenefitGrant,
        },
        query,
      );
      return mapPage(page, mapGrant);
    },
    ...createDirectGrants(api, organization),
  };
}

async function findByOurId(api: JsonApi, benefitId: string): Promise<PolarBenefit | null> {
  const page = await api.call({
    operation: 'benefits.list',
    method: 'GET',
    path: '/v1/benefits/',
    query: { 'metadata[benefit_id]': benefitId, limit: MAX_PAGE },
    reply: pageOf(polarBenefit),
  });
  return page.items.find((item) => item.metadata.benefit_id === benefitId && !item.is_deleted) ?? null;
}

function pathOf(id: string): string {
  return `/v1/benefits/${encodeURIComponent(id)}`;
}
