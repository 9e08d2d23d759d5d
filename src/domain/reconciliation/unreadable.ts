import { BillingError } from '../errors.ts';
import type { Difference } from './difference.ts';

/**
 * Why an answer can never be read as it is: a status that we do not map, an id that the provider refuses. One such object
 * is told like a difference, for it must hold up neither itself nor all the others. null: asking again may help.
 */
export function unreadableCode(error: unknown): string | null {
  const isFinal = error instanceof BillingError && (error.kind === 'bug' || error.kind === 'invalid');
  return isFinal ? error.code : null;
}

export function unreadable(
  of: Pick<Difference, 'objectKind' | 'objectId' | 'entityKind' | 'entityId' | 'organizationId'>,
  code: string,
): Difference {
  return { ...of, kind: 'state', ours: null, theirs: { unreadable: code } };
}
