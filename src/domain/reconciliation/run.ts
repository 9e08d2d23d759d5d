export const reconciliationStatuses = ['requested', 'running', 'succeeded', 'failed', 'canceled'] as const;
export type ReconciliationStatus = (typeof reconciliationStatuses)[number];

/** In this order: their changes against our rows, our rows against them, lost workflows, repairs. */
export const reconciliationPhases = ['theirs', 'ours', 'workflows', 'repair', 'done'] as const;
export type ReconciliationPhase = (typeof reconciliationPhases)[number];

export function isReconciliationOver(status: ReconciliationStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'canceled';
}
