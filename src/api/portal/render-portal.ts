import type { PortalRows } from '../../db/queries/portal-page.ts';
import { html, webAddress, type Html } from './html.ts';
import type { Tongue } from './language.ts';
import type { PageContext } from './page-context.ts';
import { renderInvoices } from './render-invoices.ts';
import { renderMethods } from './render-methods.ts';
import { renderSubscriptions } from './render-subscriptions.ts';
import { style } from './style.ts';
import { wordsOf } from './words.ts';

/** What the page says of what was done last. */
export interface Notice {
  readonly isGood: boolean;
  readonly text: string;
}

export interface PortalView {
  readonly tongue: Tongue;
  readonly context: PageContext;
  readonly rows: PortalRows;
  readonly returnUrl: string | null;
  readonly notice: Notice | null;
}

/** The whole page. It needs no script. */
export function renderPortal({ tongue, context, rows, returnUrl, notice }: PortalView): string {
  const { words } = context;
  const back = webAddress(returnUrl);
  return renderDocument(
    tongue,
    words.title,
    html`<header>
        <h1>${words.title}</h1>
        <p class="soft">${words.for(rows.project.name)}</p>
      </header>
      ${
        notice &&
        html`<div class="notice ${!notice.isGood && 'bad'}" role="${notice.isGood ? 'status' : 'alert'}">
          ${notice.text}
        </div>`
      }
      ${!context.mayManage && html`<p class="soft">${words.readOnly}</p>`} ${renderSubscriptions(context, rows)}
      ${renderMethods(context, rows.methods)} ${renderInvoices(context, rows.invoices)}
      ${back !== null && html`<footer><a class="button" href="${back}">${words.back(rows.project.name)}</a></footer>`}`,
  );
}

/** Instead of the page: the link is over, or something is away. */
export function renderTrouble(tongue: Tongue, kind: 'gone' | 'busy'): string {
  const words = wordsOf[tongue.language];
  const [title, help] = kind === 'gone' ? [words.gone, words.goneHelp] : [words.busy, words.busyHelp];
  return renderDocument(
    tongue,
    title,
    html`<h1>${title}</h1>
      <p class="soft">${help}</p>`,
  );
}

/** A page in the portal’s look, without scripts. */
export function renderDocument({ language }: Tongue, title: string, body: Html): string {
  // The style stands apart: its policy names it by hash, so not a byte may be escaped or added.
  const head = html`<!doctype html>
    <html lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
      </head>
    </html>`;
  return `${head.markup}<style>${style}</style></head><body><main>${body.markup}</main></body></html>`;
}
