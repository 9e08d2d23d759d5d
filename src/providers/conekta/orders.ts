import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import { conektaOrder, type ConektaOrder } from './wire.ts';

export async function readOrder(
  api: JsonApi,
  id: string,
  operation: string,
  budget: Budget = api.budget(),
): Promise<ConektaOrder | null> {
  return api.find({
    operation,
    method: 'GET',
    path: `/orders/${encodeURIComponent(id)}`,
    reply: conektaOrder,
    budget,
  });
}
