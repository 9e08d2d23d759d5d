import type { ChargeTruth } from '../payment/truth.ts';
import { ofCharge, theirPayment } from './compare-payment.ts';
import type { Difference } from './difference.ts';

/** What is known here of a charge for which no sale of ours was found. */
export interface ChargeSigns {
  readonly projectId: string;
  /** The organization that its customer is known as; null: nobody we know. */
  readonly organizationId: string | null;
  /** Whether a checkout id of our form stands in its metadata, and no project of ours has that checkout. */
  readonly namesLostCheckout: boolean;
  /** Whether another project, or the other mode, has the checkout that its metadata names. */
  readonly isAnothers: boolean;
}

export type ChargeVerdict =
  /** Took nothing, or gave everything back. */
  | { readonly verdict: 'nothing' }
  /** Another system's, or another project's, on the same account: no sign of us. */
  | { readonly verdict: 'foreign' }
  | { readonly verdict: 'orphan'; readonly difference: Difference };

/**
 * Whether money at the provider that belongs to no sale of ours should trouble us. It should when it bears a sign of us:
 * our project in its metadata, a customer of ours, a checkout id of ours that nobody has any more. Without a sign it is
 * another system's on the same account, and none of our business.
 */
export function judgeCharge(charge: ChargeTruth, signs: ChargeSigns): ChargeVerdict {
  const { payment, metadata } = charge;
  const namedProject = metadata['project_id'] ?? null;
  if (signs.isAnothers || (namedProject !== null && namedProject !== signs.projectId)) return { verdict: 'foreign' };
  const hasSign = namedProject !== null || signs.organizationId !== null || signs.namesLostCheckout;
  if (!hasSign) return { verdict: 'foreign' };
  if (payment.status !== 'succeeded' || payment.refundedMinor >= payment.amount.amountMinor)
    return { verdict: 'nothing' };
  return {
    verdict: 'orphan',
    difference: {
      ...{ kind: 'orphan_charge', ...ofCharge(payment), entityKind: null, entityId: null },
      ...{ organizationId: signs.organizationId, ours: null },
      theirs: { ...theirPayment(payment), customer_id: charge.providerCustomerId },
    },
  };
}
