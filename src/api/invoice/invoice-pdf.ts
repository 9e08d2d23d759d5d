import PDFDocument from 'pdfkit';
import type { InvoicePaper } from './invoice-paper.ts';

const margin = 56;
const width = 483; // A4 less the margins
const bottom = 760;
const grey = '#666666';

/** Renders our own invoice as a PDF, A4, with the standard fonts that every reader has. */
export function invoicePdf(paper: InvoicePaper): Promise<Buffer> {
  const document = new PDFDocument({
    size: 'A4',
    margin,
    lang: paper.words.locale,
    info: { Title: latin(paper.title), Author: latin(paper.seller) },
  });
  const done = collect(document);
  drawHead(document, paper);
  drawLines(document, paper);
  drawSums(document, paper);
  if (paper.note !== null) document.moveDown(2).fontSize(9).fillColor(grey).text(latin(paper.note), margin);
  document.end();
  return done;
}

function collect(document: PDFKit.PDFDocument): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    document.on('data', (chunk: Buffer) => void chunks.push(chunk));
    document.on('end', () => resolve(Buffer.concat(chunks)));
    document.on('error', reject);
  });
}

function drawHead(document: PDFKit.PDFDocument, paper: InvoicePaper): void {
  document.font('Helvetica-Bold').fontSize(20).text(latin(paper.title));
  document
    .font('Helvetica')
    .fontSize(11)
    .fillColor(grey)
    .text(latin(`${paper.seller} · ${paper.status}`));
  document.moveDown(1.5).fillColor('black').font('Helvetica-Bold').text(latin(paper.words.billedTo));
  document.font('Helvetica');
  for (const line of paper.buyer) document.text(latin(line));
  document.moveDown();
  for (const [label, value] of paper.facts) document.text(latin(`${label}: ${value}`));
  document.moveDown(1.5);
}

function drawLines(document: PDFKit.PDFDocument, { lines, words }: InvoicePaper): void {
  document.font('Helvetica-Bold').fontSize(10);
  drawRow(document, words.description, words.quantity, words.amount);
  document.font('Helvetica');
  for (const line of lines) {
    const description = line.period === null ? line.description : `${line.description}\n${line.period}`;
    drawRow(document, description, line.quantity, line.amount);
  }
  document.moveDown();
}

function drawSums(document: PDFKit.PDFDocument, { sums, words }: InvoicePaper): void {
  for (const [label, amount] of sums) {
    document.font(label === words.total ? 'Helvetica-Bold' : 'Helvetica');
    drawRow(document, '', label, amount);
  }
  document.font('Helvetica');
}

/** Three columns, the last two to the right; begins a page where there is no room. */
function drawRow(document: PDFKit.PDFDocument, left: string, middle: string, right: string): void {
  const columns = { left: width * 0.5, middle: width * 0.2, right: width * 0.3 };
  const height = Math.max(document.heightOfString(latin(left), { width: columns.left }), document.currentLineHeight());
  if (document.y + height > bottom) document.addPage();
  const { y } = document;
  document.text(latin(left), margin, y, { width: columns.left });
  document.text(latin(middle), margin + columns.left, y, { width: columns.middle, align: 'right' });
  document.text(latin(right), margin + columns.left + columns.middle, y, { width: columns.right, align: 'right' });
  document.x = margin;
  document.y = y + height + 6;
}

/** The standard fonts know Latin 1 and a few signs: what they lack is shown as `?` instead of vanishing. */
function latin(text: string): string {
  return text.replaceAll(/[\u00a0\u202f\u2009]/g, ' ').replaceAll(/[^\n\u0020-\u007e\u00a1-\u00ff–—‘’“”•…€]/gu, '?');
}
