import { configOf, withEnvironment } from '../account-config.ts';
import type { Account } from '../accounts.ts';
import type { ControlDeps } from '../control/control-route.ts';
import type { LedgerEntry, LedgerKind } from '../core/ledger.ts';
import { formatMoney } from '../core/money-format.ts';
import { PROVIDERS } from '../core/types.ts';
import { escape } from '../pages/html.ts';
import { type Place, deed, hidden, hrefOf, input, json, section, table } from './parts.ts';

const KINDS: readonly LedgerKind[] = ['charge', 'refund', 'dispute', 'dispute_reversal'];
const SIGNS: Record<LedgerKind, 1 | -1> = { charge: 1, refund: -1, dispute: -1, dispute_reversal: 1 };

/** One row for each provider and currency: what moved for good, by kind, and what is left. */
export function ledgerTotals(entries: readonly LedgerEntry[]): string[][] {
  const settled = entries.filter(({ status }) => status === 'succeeded');
  const groups = [...new Set(settled.map(({ provider, currency }) => `${provider} ${currency}`))].sort();
  return groups.map((group) => {
    const [provider = '', currency = ''] = group.split(' ');
    const own = settled.filter((entry) => entry.provider === provider && entry.currency === currency);
    const sum = (kind: LedgerKind): number =>
      own.filter((entry) => entry.kind === kind).reduce((total, entry) => total + entry.amount_minor, 0);
    const sums = KINDS.map(sum);
    const net = KINDS.reduce((total, kind, at) => total + SIGNS[kind] * (sums[at] ?? 0), 0);
    return [provider, currency, ...[...sums, net].map((minor) => formatMoney(minor, currency, 'en-US'))];
  });
}

function clockSection({ core }: ControlDeps, place: Place): string {
  const { clock } = core;
  const advance = (text: string, label: string): string =>
    deed(place, 'clock', hidden({ advance: text }), label, 'quiet');
  const offset = clock.offsetMs === 0 ? 'wall time' : `${Math.round(clock.offsetMs / 3_600_000)} h from wall time`;
  const custom = deed(
    place,
    'clock',
    input('ISO 8601 duration', 'advance', 'placeholder="P14DT12H" required size="12"'),
    'Advance',
  );
  return section(
    'Clock',
    `<p><time datetime="${clock.nowIso()}">${clock.nowIso()}</time> <span class="note">(${offset}; common to all accounts)</span></p>${advance('P1D', 'Advance 1 day')}${advance('P1M', 'Advance 1 month')}${custom}`,
  );
}

function accountSection({ accounts }: ControlDeps, place: Place, account: Account): string {
  const rows = accounts
    .all()
    .map(({ id, name, sandbox }) => [
      `<a href="${hrefOf('overview', { account: id })}">${escape(name)}</a>`,
      `<code>${escape(id)}</code>`,
      PROVIDERS.filter((provider) => sandbox.targets.configured()[provider] !== null).join(', ') || '–',
      String(sandbox.ledger.entries().length),
    ]);
  const make = deed(place, 'accounts', input('Name', 'name', 'required maxlength="120"'), 'New account');
  const config = { ...withEnvironment(configOf(account.sandbox)), webhooks: account.sandbox.targets.configured() };
  return section(
    'Accounts',
    `${table('Accounts', ['Name', 'Id', 'Events sent for', 'Movements'], rows)}<details><summary>Keys and addresses of “${escape(account.name)}”</summary>${json(config)}</details><p></p>${make}`,
  );
}

export function overview(deps: ControlDeps, account: Account, place: Place): string {
  const totals = ledgerTotals(account.sandbox.ledger.entries());
  const heads = ['Provider', 'Currency', 'Charges', 'Refunds', 'Disputes', 'Disputes won', 'Net'];
  const reset = `<details><summary>Reset</summary><p class="note">Empties every account but for its keys and receivers, and returns to wall time.</p>${deed(place, 'reset', '', 'Empty everything', 'bad')}</details>`;
  return `${section(
    'Ledger',
    table(
      'Ledger totals',
      heads,
      totals.map((row) => row.map(escape)),
    ),
  )}${clockSection(deps, place)}${accountSection(deps, place, account)}${section('State', reset)}`;
}
