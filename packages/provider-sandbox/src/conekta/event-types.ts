const GROUPS: Record<string, string> = {
  order:
    'created updated pending_payment paid declined canceled expired pre_authorized voided partially_refunded refunded charged_back fraudulent under_fraud_review',
  charge:
    'created paid declined canceled expired preauthorized refunded reversed pending_confirmation under_fraud_review fraudulent score_updated chargeback.created chargeback.updated chargeback.under_review chargeback.lost chargeback.won',
  subscription: 'created updated paid payment_failed paused resumed canceled expired',
  plan: 'created updated deleted',
  customer: 'created updated deleted payment_source.card.blocked',
  webhook: 'created updated deleted',
  payout: 'created retrying paid_out failed',
  payee: 'created updated deleted payout_method.created payout_method.updated payout_method.deleted',
  cash_refund: 'created canceled refunded expired',
  cashout: 'canceled confirmed',
  receipt: 'created',
};

/** All 67 published types. */
export const EVENT_TYPES: readonly string[] = [
  ...Object.entries(GROUPS).flatMap(([prefix, rest]) => rest.split(' ').map((name) => `${prefix}.${name}`)),
  'webhook_ping',
];
