import { createHash } from 'node:crypto';

/**
 * The key of a provider call, from business identity alone: a retry, a second worker and a replay all send the same.
 *
 * @param input.generation Grows only after an answer that says "surely not done".
 */
export function callKey(input: {
  readonly projectId: string;
  readonly operation: string;
  readonly businessId: string;
  readonly provider: string;
  readonly generation?: number;
}): string {
  const { projectId, operation, businessId, provider, generation = 1 } = input;
  return createHash('sha256')
    .update(JSON.stringify([projectId, operation, businessId, provider, generation]))
    .digest('base64url');
}
