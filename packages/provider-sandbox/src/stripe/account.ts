import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import type { StripeContext } from './context.ts';
import { METHOD_TYPES } from './payments/method-types.ts';
import { expand, formOf, parse } from './params.ts';

const ADDRESS = { city: null, country: 'US', line1: null, line2: null, postal_code: null, state: null };

/** Charged less refunded and lost to disputes, by currency; fees are not modelled. */
function availableOf(stripe: StripeContext): { amount: number; currency: string; source_types: object }[] {
  const totals = new Map<string, number>();
  const add = (currency: string, amount: number): void =>
    void totals.set(currency, (totals.get(currency) ?? 0) + amount);
  for (const charge of stripe.charges.all()) {
    if (charge.status === 'succeeded') add(charge.currency, Number(charge['amount_captured']) || 0);
  }
  for (const refund of stripe.refunds.all())
    if (refund.status === 'succeeded') add(String(refund['currency']), -refund.amount);
  for (const dispute of stripe.disputes.all()) {
    if (!dispute.status.startsWith('warning') && dispute.status !== 'won') add(dispute.currency, -dispute.amount);
  }
  if (totals.size === 0) totals.set('usd', 0);
  return [...totals].map(([currency, amount]) => ({ amount, currency, source_types: { card: amount } }));
}

function accountOf(stripe: StripeContext): object {
  const id = stripe.sandbox.credentials.current().stripe.accountId;
  const capabilities = Object.keys(METHOD_TYPES)
    .filter((type) => type !== 'customer_balance')
    .map((type): [string, string] => [`${type}_payments`, 'active']);
  return {
    id,
    object: 'account',
    business_profile: { mcc: null, name: 'Sandbox Merchant', support_email: null, support_phone: null, url: null },
    business_type: 'company',
    capabilities: Object.fromEntries(capabilities),
    charges_enabled: true,
    country: 'US',
    created: 1_700_000_000,
    default_currency: 'usd',
    details_submitted: true,
    email: 'merchant@example.com',
    metadata: {},
    payouts_enabled: true,
    settings: {
      branding: { icon: null, logo: null, primary_color: null },
      dashboard: { display_name: 'Sandbox Merchant', timezone: 'Etc/UTC' },
    },
    company: { address: ADDRESS, name: 'Sandbox Merchant' },
    type: 'standard',
  };
}

export function accountRoutes(stripe: StripeContext): Route[] {
  const only = z.strictObject({ expand });
  return [
    {
      method: 'get',
      path: '/v1/account',
      operations: ['account.get'],
      handle(request) {
        parse(only, formOf(request));
        return { status: 200, body: accountOf(stripe) };
      },
    },
    {
      method: 'get',
      path: '/v1/balance',
      operations: ['balance.get'],
      handle(request) {
        parse(only, formOf(request));
        return {
          status: 200,
          body: {
            object: 'balance',
            available: availableOf(stripe),
            livemode: false,
            pending: [{ amount: 0, currency: 'usd', source_types: { card: 0 } }],
          },
        };
      },
    },
  ];
}
