import type { Invoice } from '../../db/entities/payment.ts';
import { html, type Html } from './html.ts';
import type { PageContext } from './page-context.ts';

export function renderInvoices(context: PageContext, invoices: readonly Invoice[]): Html {
  const { words } = context;
  return html`<section aria-labelledby="invoices">
    <h2 id="invoices">${words.invoices}</h2>
    ${invoices.length > 0 ? renderTable(context, invoices) : html`<p class="soft">${words.noInvoices}</p>`}
  </section>`;
}

function renderTable(context: PageContext, invoices: readonly Invoice[]): Html {
  const { words } = context;
  const heads = [words.date, words.number, words.amount, words.state, words.document];
  return html`<div class="card scroll">
    <table>
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${invoices.map((row) => renderRow(context, row))}
      </tbody>
    </table>
  </div>`;
}

function renderRow({ words, format, actionPath }: PageContext, row: Invoice): Html {
  const date = format.shortDate(row.issuedAt ?? row.createdAt);
  return html`<tr>
    <td>${date}</td>
    <td>${row.number ?? '–'}</td>
    <td class="sum">${format.money(row.totalMinor, row.currency)}</td>
    <td>${words.invoiceStatus[row.status]}</td>
    <td>
      <a href="${actionPath(`invoices/${row.id}`)}" rel="noreferrer" aria-label="${words.of(words.open, date)}"
        >${words.open}</a
      >
    </td>
  </tr>`;
}
