import type { PaymentMethod } from '../../db/entities/payment-method.ts';
import { html, type Html } from './html.ts';
import type { PageContext } from './page-context.ts';

export function renderMethods(context: PageContext, methods: readonly PaymentMethod[]): Html {
  const { words } = context;
  return html`<section aria-labelledby="methods">
    <h2 id="methods">${words.methods}</h2>
    ${
      methods.length > 0
        ? methods.map((row) => renderMethod(context, row))
        : html`<p class="soft">${words.noMethods}</p>`
    }
  </section>`;
}

function renderMethod({ words, mayManage, actionPath }: PageContext, row: PaymentMethod): Html {
  const kinds: Readonly<Record<string, string>> = words.method;
  const kind = row.brand === null ? (kinds[row.type ?? ''] ?? row.type ?? words.method.card) : capitalized(row.brand);
  const name = row.last4 === null ? kind : `${kind} •••• ${row.last4}`;
  const expiry =
    row.expMonth === null || row.expYear === null
      ? null
      : words.expires(`${String(row.expMonth).padStart(2, '0')}/${row.expYear}`);
  const button = (act: string, label: string) =>
    html`<form method="post" action="${actionPath(`payment-methods/${row.id}/${act}`)}">
      <button aria-label="${words.of(label, name)}">${label}</button>
    </form>`;
  return html`<article class="card" aria-labelledby="${row.id}">
    <div class="row">
      <h3 id="${row.id}">${name}</h3>
      ${row.isDefault && html`<span class="pill good">${words.default}</span>`}
    </div>
    ${expiry !== null && html`<p class="soft">${expiry}</p>`}
    ${
      mayManage &&
      html`<div class="actions">
        ${!row.isDefault && button('default', words.makeDefault)} ${button('remove', words.remove)}
      </div>`
    }
  </article>`;
}

function capitalized(brand: string): string {
  return `${brand.charAt(0).toUpperCase()}${brand.slice(1)}`;
}
