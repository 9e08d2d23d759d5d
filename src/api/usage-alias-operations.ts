import { z } from 'zod';
import { meterOperations } from './meter-operations.ts';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import { importQuery } from './schemas/usage-ingest.ts';
import { aliasUsageQuery, usageReading } from './schemas/usage-reading.ts';
import { usageIngestOperations } from './usage-ingest-operations.ts';

const isUsage = ({ path }: Operation) => path === '/billing/usage';

/** Usage under a provider's name: the same, whoever bills the organization. */
export function usageAliases(id: string): readonly Operation[] {
  const alias = { tag: 'Aliases', path: `/${id}/usage` };
  return [
    ...usageIngestOperations.filter(isUsage).map((operation) => ({ ...operation, ...alias, query: importQuery })),
    ...meterOperations.filter(isUsage).map((operation) => ({
      ...{ ...operation, ...alias, query: aliasUsageQuery },
      summary: 'Read what an organization has used of a meter; without one, of every active meter',
      answers: { '200': { description: 'Done.', schema: z.union([pageOf(usageReading), usageReading]) } },
    })),
  ];
}
