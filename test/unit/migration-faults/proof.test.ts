import { describe, expect, it } from 'vitest';
import type { Followed, LedgerLine } from '../../migration-faults/oracle.ts';
import { compareProof, type ProofAnswer, type ProofLine } from '../../migration-faults/proof.ts';

const at = (day: string) => `2026-${day}T10:00:00.000Z`;
const followed: readonly Followed[] = [
  { organizationId: 'org_1', legacyId: 'OLD1', what: 'monthly, acts', fate: 'moves', cover: null, free: null },
];
const entry = (
  id: string,
  subscription: string,
  from: string,
  to: string,
  more: Partial<LedgerLine> = {},
): LedgerLine => ({
  ...{ provider: subscription.slice(0, 3).toLowerCase(), kind: 'charge', id, subscription, status: 'succeeded' },
  ...{ amount_minor: 2_900, currency: 'USD', period: { start: at(from), end: at(to) }, charge: null, metadata: {} },
  ...more,
});
const ledger = [entry('pay_1', 'OLD1', '10-22', '11-22'), entry('pm_1', 'NEW1', '11-22', '12-22')];
const charge = (id: string, subscription: string, more: Partial<ProofLine['charges'][number]> = {}) => ({
  ...{ provider: subscription.slice(0, 3).toLowerCase(), subscription_id: subscription, id, status: 'paid' },
  ...{ amount_minor: 2_900, currency: 'USD', refunded_minor: 0, counts: 'covers', at: at('10-22') },
  ...more,
});
const line: ProofLine = {
  ...{ item_id: 'mi_1', verdict: 'charged', unread: [] },
  subscriptions: [
    { side: 'old', provider: 'old', id: 'OLD1' },
    { side: 'new', provider: 'new', id: 'NEW1' },
  ],
  periods: [
    { start: at('10-22'), end: at('11-22'), state: 'charged', charges: ['pay_1'] },
    { start: at('11-22'), end: at('12-22'), state: 'charged', charges: ['ord_1'] },
  ],
  charges: [charge('pay_1', 'OLD1'), charge('ord_1', 'NEW1', { at: at('11-22') })],
};
const proof: ProofAnswer = { status: 'succeeded', report: { items: 1, is_clean: true }, lines: [line] };
const withLine = (more: Partial<ProofLine>): ProofAnswer => ({ ...proof, lines: [{ ...line, ...more }] });

describe('the report against the ledger', () => {
  it('is equal where each charge and each period is the same', () => {
    expect(compareProof(proof, ledger, followed)).toEqual([]);
  });

  const planted: readonly (readonly [string, ProofAnswer, readonly LedgerLine[], RegExp])[] = [
    [
      'the ledger has one more charge',
      proof,
      [...ledger, entry('pay_9', 'OLD1', '11-22', '12-22')],
      /the ledger says.*OLD1 2900 USD \+ old OLD1 2900/,
    ],
    ['the ledger has one less', proof, ledger.slice(0, 1), /says new NEW1.*the ledger says old OLD1 2900 USD$/],
    [
      'a sum differs',
      withLine({ charges: [charge('pay_1', 'OLD1', { amount_minor: 1 }), charge('ord_1', 'NEW1')] }),
      ledger,
      /OLD1 1 USD/,
    ],
    [
      'a refund is not told',
      proof,
      [...ledger, { ...entry('re_1', 'OLD1', '10-22', '11-22'), kind: 'refund', charge: 'pay_1' }],
      /less 2900/,
    ],
    [
      'a period is covered by the wrong charge',
      withLine({ periods: line.periods.map((period) => ({ ...period, charges: ['pay_1'] })) }),
      ledger,
      /covers 2026-11-22.* by pay_1, not by one charge of NEW1/,
    ],
    [
      'a period has two',
      withLine({ periods: line.periods.map((period) => ({ ...period, charges: ['pay_1', 'ord_1'] })) }),
      ledger,
      /by pay_1 and ord_1/,
    ],
    [
      'a period is another',
      withLine({
        periods: [
          line.periods[0] ?? never(),
          { ...(line.periods[1] ?? never()), start: at('11-25'), end: at('12-25') },
        ],
      }),
      ledger,
      /has no period 2026-11-22/,
    ],
    ['a gap is said', withLine({ verdict: 'gap' }), ledger, /is_clean|says gap/],
    ['a line is missing', { ...proof, lines: [] }, ledger, /stands on 0 lines/],
    ['it is not made', { ...proof, status: 'failed', report: null }, ledger, /the report is failed/],
    [
      'money was taken for what it does not know',
      proof,
      [...ledger, entry('pm_8', 'NEW8', '11-22', '12-22')],
      /knows nothing of NEW8/,
    ],
  ];
  it.each(planted)('sees that %s', (_name, said, real, told) => {
    expect(compareProof(said, real, followed).join('\n')).toMatch(told);
  });
});

function never(): never {
  throw new Error('the line has two periods');
}
