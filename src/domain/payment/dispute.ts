import type { DisputeTruth } from './truth.ts';

/** In which a bank is asking back, or has taken back, what was paid. An inquiry (`warning`) moves no money. */
export const openDisputeStatuses = [
  'needs_response',
  'under_review',
  'lost',
] as const satisfies readonly DisputeTruth['status'][];

export function isDisputeOver(status: DisputeTruth['status']): boolean {
  return status === 'won' || status === 'lost' || status === 'closed';
}
