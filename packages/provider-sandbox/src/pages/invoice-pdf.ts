import { formatMoney } from '../core/money-format.ts';
import type { InvoiceView } from '../portal.ts';
import { invoiceSums } from './invoice-page.ts';
import { PAGE, type PdfRule, type PdfText, pdfDocument, widthOf } from './pdf-document.ts';
import { dateText, portalTextsFor, statusText } from './portal-texts.ts';

const LEFT = 56;
const RIGHT = PAGE.width - LEFT;
const QUANTITY_AT = 400;
const LINE_STEP = 22;
const LINES_PER_PAGE = 24;
const LINES_FROM = 264;

function shortened(text: string, size: number, room: number): string {
  if (widthOf(text, size) <= room) return text;
  let kept = text;
  while (kept !== '' && widthOf(`${kept}…`, size) > room) kept = kept.slice(0, -1);
  return `${kept}…`;
}

interface Sheet {
  texts: PdfText[];
  rules: PdfRule[];
}

function head(view: InvoiceView): Sheet {
  const texts = portalTextsFor(view.locale);
  const who = [view.customer.name, view.customer.email].filter((part) => part !== null);
  return {
    texts: [
      { x: LEFT, y: 80, size: 12, text: view.merchant },
      { x: LEFT, y: 112, size: 22, isBold: true, text: `${texts.invoice} ${view.number ?? ''}`.trim() },
      { x: RIGHT, y: 112, size: 12, align: 'right', text: statusText(view.status, texts) },
      { x: LEFT, y: 152, size: 9, text: texts.billedTo },
      ...who.map((text, at): PdfText => ({ x: LEFT, y: 168 + at * 15, size: 11, text })),
      { x: RIGHT, y: 152, size: 9, align: 'right', text: texts.issued },
      { x: RIGHT, y: 168, size: 11, align: 'right', text: dateText(view.issuedAtMs, view.locale) },
      { x: LEFT, y: LINES_FROM - 32, size: 9, text: texts.description },
      { x: QUANTITY_AT, y: LINES_FROM - 32, size: 9, align: 'right', text: texts.quantity },
      { x: RIGHT, y: LINES_FROM - 32, size: 9, align: 'right', text: texts.columns.amount },
    ],
    rules: [{ y: LINES_FROM - 22, fromX: LEFT, toX: RIGHT }],
  };
}

function sheet(view: InvoiceView, lines: InvoiceView['lines'], isLast: boolean): Sheet {
  const money = (minor: number): string => formatMoney(minor, view.currency, view.locale);
  const { texts, rules } = head(view);
  lines.forEach(({ description, quantity, amountMinor }, at) => {
    const y = LINES_FROM + at * LINE_STEP;
    texts.push({ x: LEFT, y, size: 11, text: shortened(description, 11, QUANTITY_AT - LEFT - 48) });
    texts.push({ x: QUANTITY_AT, y, size: 11, align: 'right', text: String(quantity) });
    texts.push({ x: RIGHT, y, size: 11, align: 'right', text: money(amountMinor) });
  });
  if (!isLast) return { texts, rules };
  const sumsFrom = LINES_FROM + lines.length * LINE_STEP;
  rules.push({ y: sumsFrom - 8, fromX: LEFT, toX: RIGHT });
  invoiceSums(view, portalTextsFor(view.locale)).forEach(({ label, minor, isTotal: isBold }, at) => {
    const y = sumsFrom + 14 + at * LINE_STEP;
    texts.push({ x: QUANTITY_AT, y, size: 11, align: 'right', isBold, text: label });
    texts.push({ x: RIGHT, y, size: 11, align: 'right', isBold, text: money(minor) });
  });
  return { texts, rules };
}

/** The invoice as a PDF file: A4, as many pages as its lines take. */
export function invoicePdf(view: InvoiceView): Buffer {
  const count = Math.max(1, Math.ceil(view.lines.length / LINES_PER_PAGE));
  const sheets = Array.from({ length: count }, (_, at) =>
    sheet(view, view.lines.slice(at * LINES_PER_PAGE, (at + 1) * LINES_PER_PAGE), at === count - 1),
  );
  const { invoice } = portalTextsFor(view.locale);
  return pdfDocument(`${invoice} ${view.number ?? ''} · ${view.merchant}`.replace('  ', ' '), sheets);
}
