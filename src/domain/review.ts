/** Why a person is asked. */
export const reviewKinds = [
  'stray_session_paid', // a session that nobody was given was paid
  'charged_twice',
  'stray_session_unclear', // its life is over, and nobody could say whether it was paid
  'orphan_charge', // money at a provider that belongs to nothing of ours
  'missing_there', // the provider does not know what we have
  'books_differ', // an amount, period or customer that no repair may choose between
  'refund_failed', // money that had to go back did not
  'usage_unclear', // nobody can say whether a provider counted it
  'migration_unclear', // a customer's move that nobody but a person may decide
] as const;

export type ReviewKind = (typeof reviewKinds)[number];
