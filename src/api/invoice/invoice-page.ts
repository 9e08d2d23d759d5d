import type { InvoicePaper } from './invoice-paper.ts';
import type { InvoiceWords } from './invoice-words.ts';

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%;margin:1.5rem 0}td,th{text-align:left;padding:.5rem;border-bottom:1px solid #e4e4e7;
vertical-align:top}.n{text-align:right;white-space:nowrap}tfoot td{border:0;padding:.2rem .5rem}small,.q{color:#52525b}
a.b{display:inline-block;padding:.6rem 1rem;border-radius:6px;background:#1d4ed8;color:#fff;text-decoration:none}
@media(prefers-color-scheme:dark){body{background:#18181b;color:#f4f4f5}td,th{border-color:#3f3f46}small,.q{color:#a1a1aa}}`;

/** Our own invoice as a page for its customer: no script, no other host. @param pdfUrl Of the same invoice. */
export function invoicePage(paper: InvoicePaper, pdfUrl: string): string {
  const { words } = paper;
  const lines = paper.lines.map(
    ({ description, period, quantity, amount }) =>
      `<tr><td>${escape(description)}${period === null ? '' : `<br><small>${escape(period)}</small>`}</td>
<td class="n">${escape(quantity)}</td><td class="n">${escape(amount)}</td></tr>`,
  );
  const sums = paper.sums.map(
    ([label, amount]) => `<tr><td colspan="2" class="n">${escape(label)}</td><td class="n">${escape(amount)}</td></tr>`,
  );
  const facts = paper.facts.map(([label, value]) => `${escape(label)}: ${escape(value)}<br>`);
  return page(
    words,
    paper.title,
    `<p class="q">${escape(paper.seller)} · ${escape(paper.status)}</p>
<p><strong>${escape(words.billedTo)}</strong><br>${paper.buyer.map(escape).join('<br>')}</p><p>${facts.join('')}</p>
<table><thead><tr><th scope="col">${words.description}</th><th scope="col" class="n">${words.quantity}</th>
<th scope="col" class="n">${words.amount}</th></tr></thead><tbody>${lines.join('')}</tbody><tfoot>${sums.join('')}</tfoot></table>
<p><a class="b" href="${escape(pdfUrl)}">${words.download}</a></p>${paper.note === null ? '' : `<p><small>${escape(paper.note)}</small></p>`}`,
  );
}

/** For a link that has run out, or never was one. */
export function goneInvoicePage(words: InvoiceWords): string {
  return page(words, words.invoice, `<p>${escape(words.gone)}</p>`);
}

function page(words: InvoiceWords, title: string, body: string): string {
  return `<!doctype html><html lang="${words.locale}"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><style>${style}</style></head>
<body><main><h1>${escape(title)}</h1>${body}</main></body></html>`;
}

function escape(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
