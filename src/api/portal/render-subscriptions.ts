import type { Subscription } from '../../db/entities/subscription.ts';
import type { PortalRows } from '../../db/queries/portal-page.ts';
import type { SubscriptionStatus } from '../../domain/subscription/truth.ts';
import { presentSubscription } from '../../present/subscription.ts';
import type { SubscriptionAnswer } from '../schemas/subscription.ts';
import { html, webAddress, type Html } from './html.ts';
import type { PageContext } from './page-context.ts';

type NextAction = NonNullable<SubscriptionAnswer['next_action']>;

const tones = {
  incomplete: '',
  trialing: 'good',
  active: 'good',
  past_due: 'bad',
  paused: 'warn',
  canceled: '',
  expired: '',
} as const satisfies Record<SubscriptionStatus, string>;

/** One card each: what it is, how it stands, what comes next, and what can be done. */
export function renderSubscriptions(context: PageContext, rows: PortalRows): Html {
  const { words } = context;
  const cards = rows.subscriptions.map((row) => renderSubscription(context, rows, row));
  return html`<section aria-labelledby="subscriptions">
    <h2 id="subscriptions">${words.subscriptions}</h2>
    ${cards.length > 0 ? cards : html`<p class="soft">${words.noSubscriptions}</p>`}
  </section>`;
}

function renderSubscription(context: PageContext, rows: PortalRows, row: Subscription): Html {
  const { words, format } = context;
  const name = rows.planNames.get(row.planId) ?? row.planId;
  const price =
    row.amountMinor === 0
      ? words.free
      : `${format.money(row.amountMinor, row.currency)} ${words.per[row.billingInterval]}`;
  return html`<article class="card" aria-labelledby="${row.id}">
    <div class="row">
      <h3 id="${row.id}">${name}</h3>
      <span class="pill ${tones[row.status]}">${words.status[row.status]}</span>
    </div>
    <p>${price}${row.quantity > 1 && html` <span class="soft">${words.quantity(row.quantity)}</span>`}</p>
    ${renderNext(context, rows, row)} ${renderPending(context, rows, row)} ${renderActions(context, row, name)}
  </article>`;
}

function renderNext(context: PageContext, rows: PortalRows, row: Subscription): Html | null {
  const { words, format } = context;
  if (row.endedAt !== null) return html`<p class="soft">${words.endedOn(format.date(row.endedAt))}</p>`;
  const { next_action: next } = presentSubscription(
    row,
    new Map(),
    rows.pending.get(row.id) ?? null,
    rows.pauses.get(row.id) ?? null,
  );
  if (next === null) return null;
  const said = sayNext(context, row, next);
  return said === null
    ? null
    : html`<p class="soft">${said}</p>
        ${renderStep(context, next)}`;
}

function sayNext({ words, format }: PageContext, row: Subscription, next: NextAction): string | null {
  const sum = format.money(row.amountMinor, row.currency);
  const day = format.day(next.at);
  switch (next.kind) {
    case 'update_payment_method':
    case 'pay_voucher':
      return words.next[next.kind](day);
    case 'confirm_payment':
      return words.next.confirm_payment;
    case 'renew':
      return row.amountMinor === 0 || day === null ? null : words.next.renew(day, sum);
    case 'begin_charging':
      return day === null ? null : words.next.begin_charging(day, sum);
    case 'end':
    case 'pause':
    case 'resume':
      return day === null ? null : words.next[next.kind](day);
  }
}

/** Where the customer pays or confirms. */
function renderStep({ words }: PageContext, { url, voucher }: NextAction): Html | null {
  const address = webAddress(url);
  if (address !== null)
    return html`<p><a class="button main" href="${address}" rel="noreferrer">${words.confirmNow}</a></p>`;
  const reference = voucher?.clabe ?? voucher?.reference;
  return reference == null ? null : html`<p>${words.reference}: <code>${reference}</code></p>`;
}

function renderPending({ words, format }: PageContext, rows: PortalRows, row: Subscription): Html | null {
  const change = rows.pending.get(row.id);
  if (!change) return null;
  const plan = change.planId === null ? null : (rows.planNames.get(change.planId) ?? change.planId);
  const interval = change.billingInterval === null ? null : words.per[change.billingInterval];
  const quantity = change.quantity === null ? null : words.quantity(change.quantity);
  const what = [plan, interval, quantity].filter((part) => part !== null).join(', ');
  const at = change.effectiveAt ?? (change.timing === 'period_end' ? row.currentPeriodEnd : null);
  return html`<p><span class="pill warn">${words.pending(what, at && format.date(at))}</span></p>`;
}

function renderActions(context: PageContext, row: Subscription, name: string): Html | null {
  const { words, actionPath, possible } = context;
  const acts = possible.get(row.id);
  if (!acts || !(acts.cancel !== null || acts.keep || acts.resume)) return null;
  const path = (act: string) => actionPath(`subscriptions/${row.id}/${act}`);
  const button = (act: string, label: string) =>
    html`<form method="post" action="${path(act)}">
      <button class="main" aria-label="${words.of(label, name)}">${label}</button>
    </form>`;
  return html`<div class="actions">
    ${acts.keep && button('keep', words.keep)} ${acts.resume && button('resume', words.resume)}
    ${
      acts.cancel !== null &&
      html`<details>
        <summary aria-label="${words.of(words.cancel, name)}">${words.cancel}</summary>
        <p>${askToCancel(context, row, acts.cancel)}</p>
        <form method="post" action="${path('cancel')}"><button class="danger">${words.cancelYes}</button></form>
      </details>`
    }
  </div>`;
}

function askToCancel({ words, format }: PageContext, row: Subscription, timing: 'now' | 'period_end'): string {
  if (timing === 'now') return words.cancelAsk.now;
  const end = row.status === 'trialing' ? row.trialEnd : row.currentPeriodEnd;
  return words.cancelAsk.period_end(end && format.date(end));
}
