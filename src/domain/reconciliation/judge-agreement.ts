import type { SubscriptionTruth } from '../subscription/truth.ts';
import { isOver } from '../subscription/transition.ts';
import { ofCharge, theirPayment } from './compare-payment.ts';
import type { Difference } from './difference.ts';

/**
 * A subscription at the provider that bears a sign of us and that no row is of. While it lives it goes on charging; what
 * it charged for a checkout that began another one was charged twice. One that is over is history.
 *
 * @param known.checkout Ours that it names and that began another subscription; null: none.
 * @param known.organizationId Whom its customer is known as; null: nobody we know.
 */
export function strangeAgreement(
  theirs: SubscriptionTruth,
  known: {
    readonly checkout: { readonly id: string; readonly organizationId: string } | null;
    readonly organizationId: string | null;
  },
): readonly Difference[] {
  const { checkout } = known;
  const owner = {
    entityKind: checkout ? ('checkout' as const) : null,
    entityId: checkout?.id ?? null,
    organizationId: checkout?.organizationId ?? known.organizationId,
    ours: null,
  };
  const twice = theirs.payments.filter(
    ({ status, refundedMinor, amount }) => status === 'succeeded' && refundedMinor < amount.amountMinor,
  );
  const charged = checkout === null ? [] : twice;
  const found: Difference = {
    ...{ kind: 'missing_here', objectKind: 'subscription', objectId: theirs.providerSubscriptionId },
    ...owner,
    theirs: {
      ...{ status: theirs.status, customer_id: theirs.providerCustomerId },
      ...{ amount_minor: theirs.amount?.amountMinor ?? null, currency: theirs.amount?.currency ?? null },
    },
  };
  return [
    ...(isOver(theirs.status) ? [] : [found]),
    ...charged.map((payment): Difference => ({
      ...{ kind: 'duplicate_charge', ...ofCharge(payment), ...owner },
      theirs: theirPayment(payment),
    })),
  ];
}
