/** What can be asked of a subscription; each ask is a row of its own, told to the workflow by id. */
export const operationKinds = ['change', 'undo_change', 'cancel', 'undo_cancel', 'pause', 'resume'] as const;
export type OperationKind = (typeof operationKinds)[number];

/**
 * `requested`: written, not carried out yet. `scheduled`: waits for its time, at the provider or with us. `withdrawn`:
 * taken back, or overtaken by the subscription's end.
 */
export type OperationStatus = 'requested' | 'scheduled' | 'applied' | 'failed' | 'withdrawn';

export type OperationTiming = 'now' | 'period_end';

/**
 * Who carries it out at its time. `provider`: told at once, does it then. `ours`: the workflow does it an hour before
 * the period ends, for the provider cannot wait. `recreate`: the old one ends with its period and a new one begins.
 */
export type OperationMethod = 'provider' | 'ours' | 'recreate';
