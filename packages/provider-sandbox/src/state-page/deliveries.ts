import type { Account } from '../accounts.ts';
import { PROVIDERS } from '../core/types.ts';
import { escape } from '../pages/html.ts';
import type { Delivery } from '../webhooks/deliveries.ts';
import { type Place, deed, hidden, hrefOf, section, select, status, table } from './parts.ts';

const SHOWN = 50;
const STATUSES = ['pending', 'delivered', 'failed', 'lost', 'skipped'];

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function one(delivery: Delivery, place: Place): string {
  const attempts = delivery.attempts.map(({ at, status: code, error, duration_ms: took, answer }) => [
    escape(at),
    escape(code === null ? (error ?? '–') : String(code)),
    `${took} ms`,
    escape(answer ?? ''),
  ]);
  const next =
    delivery.next_attempt_at === null ? '' : ` · next ${escape(new Date(delivery.next_attempt_at).toISOString())}`;
  const fault = delivery.fault === null ? '' : ` · fault ${escape(delivery.fault)}`;
  return `<details><summary>${status(delivery.status)} <strong>${escape(delivery.event_type)}</strong> <span class="note">${escape(delivery.provider)} · ${escape(delivery.created_at)}${next}${fault}</span></summary><p class="note"><code>${escape(delivery.event_id)}</code> to ${escape(delivery.url)}</p>${table('Attempts', ['At', 'Answer', 'Took', 'Body'], attempts)}<pre tabindex="0">${escape(pretty(delivery.body))}</pre>${deed(place, 'resend', hidden({ id: delivery.id }), 'Send again')}</details>`;
}

/** What was sent where, attempt by attempt, the latest first. */
export function deliveries(account: Account, place: Place): string {
  const { provider, status: wanted } = place.query;
  const all = account.sandbox.deliveries.list({ provider, status: wanted }).reverse();
  const any = (values: readonly string[]): [string, string][] => [
    ['', 'All'],
    ...values.map((value): [string, string] => [value, value]),
  ];
  const filter = `<form method="get" action="${hrefOf('deliveries', {})}">${hidden({ account: place.account })}${select('Provider', 'provider', any(PROVIDERS), provider)}${select('Status', 'status', any(STATUSES), wanted)}<button type="submit" class="quiet">Filter</button></form>`;
  const shown = all.slice(0, SHOWN).map((delivery) => one(delivery, place));
  const more = all.length > SHOWN ? `<p class="note">The latest ${SHOWN} of ${all.length}.</p>` : '';
  return `${filter}<p></p>${section(`${all.length} deliveries`, `${more}${shown.join('') || '<p class="note">Nothing here yet.</p>'}`)}`;
}
