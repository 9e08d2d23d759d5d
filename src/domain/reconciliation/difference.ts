/** What can differ between our rows and a provider's account. */
export const differenceKinds = [
  'missing_here', // the provider has it, we do not
  'missing_there', // we have it, the provider does not
  'amount',
  'state',
  'period',
  'customer',
  'duplicate_charge', // two charges for one thing that is paid once
  'orphan_charge', // a charge that belongs to nothing of ours
] as const;

export type DifferenceKind = (typeof differenceKinds)[number];

/** What one side says of an object: the fields that were compared. Money in minor units; no personal data. */
export type Side = Readonly<Record<string, string | number | boolean | null>>;

/** A difference as found, before anything is done about it. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** The provider's object; ours where the provider has none. */
  readonly objectKind: string;
  readonly objectId: string;
  readonly entityKind: 'checkout' | 'subscription' | 'payment' | 'invoice' | 'refund' | 'dispute' | null;
  readonly entityId: string | null;
  readonly organizationId: string | null;
  readonly ours: Side | null;
  readonly theirs: Side | null;
}

/** What makes two differences of a run the same. */
export function differenceKey({
  kind,
  objectKind,
  objectId,
}: Pick<Difference, 'kind' | 'objectKind' | 'objectId'>): string {
  return `${kind} ${objectKind} ${objectId}`;
}
