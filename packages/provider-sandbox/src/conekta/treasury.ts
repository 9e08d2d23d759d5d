import { createHash } from 'node:crypto';
import type { Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { notFound } from './errors.ts';
import { listPage } from './listing.ts';
import type { Charge } from './objects.ts';

interface Transaction {
  id: string;
  object: 'transaction';
  type: 'capture' | 'refund' | 'chargeback';
  status: 'available' | 'pending';
  /** Centavos: what moved, what Conekta keeps of it with VAT, what is left. */
  amount: number;
  fee: number;
  net: number;
  currency: string;
  charge: string;
  created_at: number;
  livemode: boolean;
}

const VAT = 1.16;
const DAY_S = 86_400;
const HOLD_S = 5 * DAY_S;

/** Fees as reported in 2026: card 3.4 % + 3.00, cash 2.6 % + 3.00, SPEI 12.50 flat, instalments 4 %; plus VAT. */
function feeOf({ amount, payment_method: method }: Charge): number {
  switch (method['type']) {
    case 'spei':
      return Math.round(1250 * VAT);
    case 'cash':
      return Math.round((amount * 0.026 + 300) * VAT);
    case 'bnpl':
      return Math.round(amount * 0.04 * VAT);
    default:
      return Math.round((amount * 0.034 + 300) * VAT);
  }
}

/** A stable id of something that is derived, not stored. */
const derivedId = (of: string): string => createHash('sha256').update(of).digest('hex').slice(0, 24);

function transactionsOf(conekta: ConektaContext, charge: Charge): Transaction[] {
  if (charge.paid_at === null) return [];
  const now = conekta.now();
  const base = {
    object: 'transaction',
    currency: String(charge['currency']),
    charge: charge.id,
    livemode: false,
  } as const;
  const fee = feeOf(charge);
  const capture: Transaction = {
    ...base,
    id: derivedId(`capture ${charge.id}`),
    type: 'capture',
    status: now >= charge.paid_at + HOLD_S ? 'available' : 'pending',
    amount: charge.amount,
    fee,
    net: charge.amount - fee,
    created_at: charge.paid_at,
  };
  const refunds = charge.refunds
    .filter(({ status }) => status === 'refunded')
    .map((refund): Transaction => ({
      ...base,
      id: derivedId(`refund ${refund.id}`),
      type: 'refund',
      status: 'available',
      amount: refund.amount,
      fee: 0,
      net: refund.amount,
      created_at: Number(refund['created_at']),
    }));
  const chargebacks = conekta.chargebacks
    .findBy('charge', charge.id)
    .filter(({ status }) => status === 'lost')
    .map(({ id, amount, closed_at: closedAt }): Transaction => ({
      ...base,
      id: derivedId(`chargeback ${id}`),
      type: 'chargeback',
      status: 'available',
      amount: -amount,
      fee: 0,
      net: -amount,
      created_at: closedAt ?? now,
    }));
  return [capture, ...refunds, ...chargebacks];
}

function allTransactions(conekta: ConektaContext): Transaction[] {
  return conekta.orders
    .all()
    .flatMap(({ charges }) => charges.flatMap((charge) => transactionsOf(conekta, charge)))
    .sort((left, right) => right.created_at - left.created_at);
}

function balanceOf(conekta: ConektaContext): object {
  const sums = new Map<string, { available: number; pending: number }>([['MXN', { available: 0, pending: 0 }]]);
  for (const { status, currency, net } of allTransactions(conekta)) {
    const sum = sums.get(currency) ?? { available: 0, pending: 0 };
    sum[status] += net;
    sums.set(currency, sum);
  }
  const amounts = (of: (sum: { available: number; pending: number }) => number): object[] =>
    [...sums].map(([currency, sum]) => ({ amount: of(sum), currency }));
  const none = amounts(() => 0);
  return {
    available: amounts(({ available }) => available),
    pending: amounts(({ pending }) => pending),
    retention_amount: none,
    retained: none,
    temporarily_retained: none,
    target_retention_amount: none,
    conekta_retention: none,
    target_collateral_amount: {},
    gateway: [],
    cashout_retention_amount: none,
  };
}

/** What an account's owner sees of the money. No bank account is linked, so nothing is ever transferred. */
export function treasuryRoutes(conekta: ConektaContext): Route[] {
  const publicUrl = (): string => conekta.sandbox.publicUrl();
  return [
    {
      method: 'get',
      path: '/balance',
      operations: ['balance.get'],
      handle: () => ({ status: 200, body: balanceOf(conekta) }),
    },
    {
      method: 'get',
      path: '/transactions',
      operations: ['transactions.list'],
      handle(request) {
        const wanted = (name: 'id' | 'charge' | 'type' | 'currency', row: Transaction): boolean =>
          [null, row[name]].includes(request.query.get(`${name}${name === 'charge' ? '_id' : ''}`));
        const keep = (row: Transaction): boolean =>
          wanted('id', row) && wanted('charge', row) && wanted('type', row) && wanted('currency', row);
        return {
          status: 200,
          body: listPage(request, allTransactions(conekta), publicUrl(), keep, (row) => row),
        };
      },
    },
    {
      method: 'get',
      path: '/transactions/:id',
      operations: ['transactions.get'],
      handle(request) {
        const id = request.params['id'] ?? '';
        const found = allTransactions(conekta).find((row) => row.id === id);
        if (!found) throw notFound('Transaction', id);
        return { status: 200, body: found };
      },
    },
    {
      method: 'get',
      path: '/transfers',
      operations: ['transfers.list'],
      handle: (request) => ({
        status: 200,
        body: listPage<Transaction>(
          request,
          [],
          publicUrl(),
          () => true,
          (row) => row,
        ),
      }),
    },
    {
      method: 'get',
      path: '/transfers/:id',
      operations: ['transfers.get'],
      handle(request) {
        throw notFound('Transfer', request.params['id'] ?? '');
      },
    },
  ];
}
