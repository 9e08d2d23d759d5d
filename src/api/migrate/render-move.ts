import { createFormat, type Format } from '../portal/format.ts';
import { html, webAddress, type Html } from '../portal/html.ts';
import type { Tongue } from '../portal/language.ts';
import { renderDocument } from '../portal/render-portal.ts';
import { canBegin, type MoveView } from './move-view.ts';
import { moveWordsOf, type MoveWords } from './move-words.ts';

export interface MovePage {
  readonly tongue: Tongue;
  readonly view: MoveView;
  readonly nowMs: number;
  /** Where its button leads. */
  readonly action: string;
  /** What came of the button; null: it was not pressed. */
  readonly notice: 'busy' | 'failed' | null;
}

interface Context {
  readonly view: MoveView;
  readonly words: MoveWords;
  readonly format: Format;
  readonly date: string;
  readonly sum: string;
}

/** The page of one customer's move: what happens, when the first charge falls, and how much it is. No script. */
export function renderMove({ tongue, view, nowMs, action, notice }: MovePage): string {
  const words = moveWordsOf[tongue.language];
  const format = createFormat(tongue);
  const { planned, plan, project, target, item } = view;
  const isBefore = canBegin(view, nowMs);
  const agreed = isBefore || item.paidThrough === null ? new Date(target.to) : item.paidThrough;
  const context: Context = {
    ...{ view, words, format, date: format.date(agreed) },
    sum: format.money(planned.amountMinor, planned.currency),
  };
  const title = isBefore ? words.title(plan.name) : saidOf(context).title;
  return renderDocument(
    tongue,
    title,
    html`<header>
        <h1>${title}</h1>
        <p class="soft">${isBefore ? words.intro(project.name) : saidOf(context).text}</p>
      </header>
      ${notice && html`<div class="notice ${notice === 'failed' && 'bad'}" role="status">${words[notice]}</div>`}
      ${renderFacts(context)} ${isBefore ? renderOffer(context, action) : renderAfter(context)}`,
  );
}

/** The link is over, or never was one. */
export function renderNoMove(tongue: Tongue): string {
  const words = moveWordsOf[tongue.language];
  return renderDocument(
    tongue,
    words.gone,
    html`<h1>${words.gone}</h1>
      <p class="soft">${words.goneHelp}</p>`,
  );
}

function renderFacts({ view, words, format, date, sum }: Context): Html {
  const { plan, price, planned, item } = view;
  const paidUntil = item.paidThrough === null ? date : format.date(item.paidThrough);
  const interval = price.billingInterval === null ? '' : words.per[price.billingInterval];
  const row = (label: string, value: string, more: string | null = null) =>
    html`<tr>
      <th scope="row">${label}</th>
      <td>${value}${more !== null && html` <span class="soft">${more}</span>`}</td>
    </tr>`;
  const quantity = planned.quantity > 1 ? `× ${planned.quantity}` : null;
  return html`<section class="card">
    <table>
      <tbody>
        ${row(words.plan, plan.name, quantity)}
        ${row(words.price, `${sum} ${interval}`, differenceOf({ view, words, format }))}
        ${row(words.paidUntil, paidUntil)} ${row(words.first, words.onDate(sum, date))}
      </tbody>
    </table>
  </section>`;
}

function differenceOf({ view, words, format }: Pick<Context, 'view' | 'words' | 'format'>): string | null {
  const { differenceMinor, currency } = view.planned;
  if (differenceMinor === null) return null;
  if (differenceMinor === 0) return words.same;
  const sum = format.money(Math.abs(differenceMinor), currency);
  return differenceMinor > 0 ? words.more(sum) : words.less(sum);
}

function renderOffer({ view, words, format, date, sum }: Context, action: string): Html {
  const { item, target } = view;
  const address = webAddress(view.checkout?.checkoutUrl ?? null);
  const steps = words.steps(date, sum).map((step) => html`<li>${step}</li>`);
  return html`<section aria-labelledby="happens">
      <h2 id="happens">${words.happens}</h2>
      <ol>
        ${steps}
      </ol>
      <p>${words.never}</p>
      ${target.kind === 'parked' && html`<p class="soft">${words.late(date)}</p>`}
    </section>
    <div class="actions">
      ${
        address === null
          ? html`<form method="post" action="${action}"><button class="main">${words.go}</button></form>`
          : html`<a class="button main" href="${address}" rel="noreferrer">${words.goOn}</a>`
      }
    </div>
    <p class="soft">${words.tax}</p>
    ${item.deadlineAt !== null && html`<p class="soft">${words.deadline(format.date(item.deadlineAt))}</p>`}`;
}

function renderAfter({ view, words, date, sum }: Context): Html | null {
  const { state } = view.item;
  const isAgreed = state === 'moved' || state === 'canceling' || state === 'watching';
  return isAgreed ? html`<p>${words.nothingUntil(date, sum)}</p>` : null;
}

function saidOf({ view, words }: Pick<Context, 'view' | 'words'>): { readonly title: string; readonly text: string } {
  const { state } = view.item;
  switch (state) {
    case 'moved':
    case 'canceling':
    case 'watching':
    case 'done':
    case 'kept':
    case 'left':
    case 'rolled_back':
    case 'attention':
      return words.states[state];
    default:
      return view.isTaken ? words.taken : words.states.kept;
  }
}
