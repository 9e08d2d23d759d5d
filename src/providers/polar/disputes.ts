import type { JsonApi } from '../json-api.ts';
import type { DisputeOperations } from '../port-money.ts';
import { mapDispute } from './map-money.ts';
import { readPage } from './paging.ts';
import { polarDispute } from './wire-money.ts';

/** Read only: Polar, the seller of record, answers the bank. There is no event of a dispute, so they are listed. */
export function createPolarDisputes(api: JsonApi): DisputeOperations {
  return {
    async get(id) {
      const dispute = await api.find({
        operation: 'disputes.get',
        method: 'GET',
        path: `/v1/disputes/${encodeURIComponent(id)}`,
        reply: polarDispute,
      });
      return dispute && mapDispute(dispute);
    },
    async list({ createdAfter, ...query }) {
      const page = await readPage(
        api,
        { operation: 'disputes.list', path: '/v1/disputes/', query: { sorting: '-created_at' }, item: polarDispute },
        query,
      );
      const since = Date.parse(createdAfter);
      const items = page.items.filter((dispute) => Date.parse(dispute.created_at) > since);
      // Newest first: one that is too old ends the search.
      return { items: items.map(mapDispute), nextCursor: items.length < page.items.length ? null : page.nextCursor };
    },
  };
}
