export interface PdfText {
  /** Points from the left edge; for `align: 'right'`, where the text ends. */
  x: number;
  /** Points from the upper edge to the line the letters stand on. */
  y: number;
  size: number;
  text: string;
  isBold?: boolean;
  align?: 'left' | 'right';
}

export interface PdfRule {
  y: number;
  fromX: number;
  toX: number;
}

/** A4, in points. */
export const PAGE = { width: 595, height: 842 } as const;

// Advance widths of Helvetica for the characters 32 to 126, in thousandths of the size (Adobe font metrics).
const WIDTHS =
  '278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 278 556 500 722 500 500 500 334 260 334 584'
    .split(' ')
    .map(Number);
const AVERAGE_WIDTH = 556;

/** Windows-1252 where it differs from Latin-1, and the narrow spaces that number formats use. */
const CODES: Record<string, number> = { '€': 0x80, '…': 0x85, '’': 0x92, '•': 0x95, '–': 0x96, '—': 0x97 };

function encode(text: string): Buffer {
  return Buffer.from(
    [...text].map((character) => {
      const code = character.codePointAt(0) ?? 0x3f;
      if (code === 0x202f || code === 0x2009) return 0xa0;
      if (code < 0x7f || (code >= 0xa0 && code <= 0xff)) return code;
      return CODES[character] ?? 0x3f;
    }),
  );
}

export function widthOf(text: string, size: number): number {
  const units = [...encode(text)].reduce((sum, code) => sum + (WIDTHS[code - 32] ?? AVERAGE_WIDTH), 0);
  return (units * size) / 1000;
}

/** A string literal of the format: bytes beyond ASCII in octal. */
function literal(text: string): string {
  const written = [...encode(text)].map((code) => {
    const character = String.fromCharCode(code);
    if ('()\\'.includes(character)) return `\\${character}`;
    return code < 32 || code > 126 ? `\\${code.toString(8).padStart(3, '0')}` : character;
  });
  return `(${written.join('')})`;
}

function drawText({ x, y, size, text, isBold = false, align = 'left' }: PdfText): string {
  const left = align === 'right' ? x - widthOf(text, size) : x;
  return `BT /${isBold ? 'F2' : 'F1'} ${size} Tf ${left.toFixed(2)} ${(PAGE.height - y).toFixed(2)} Td ${literal(text)} Tj ET`;
}

const drawRule = ({ y, fromX, toX }: PdfRule): string =>
  `0.8 G 0.75 w ${fromX} ${PAGE.height - y} m ${toX} ${PAGE.height - y} l S`;

function contentOf(page: { texts: readonly PdfText[]; rules: readonly PdfRule[] }): string {
  const content = [...page.rules.map(drawRule), ...page.texts.map(drawText)].join('\n');
  return `<< /Length ${content.length} >>\nstream\n${content}\nendstream`;
}

const font = (name: string): string =>
  `<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`;

/**
 * Pages of text and rules in the two fonts every reader has, as PDF 1.4: as much of the format as an invoice takes.
 *
 * @see ISO 32000-1, 7.5 "File structure"
 */
export function pdfDocument(
  title: string,
  pages: readonly { texts: readonly PdfText[]; rules: readonly PdfRule[] }[],
): Buffer {
  const FIRST_PAGE = 6;
  const ids = pages.map((_page, at) => FIRST_PAGE + at * 2);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${ids.map((id) => `${id} 0 R`).join(' ')}] /Count ${pages.length} /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] >>`,
    font('Helvetica'),
    font('Helvetica-Bold'),
    `<< /Title ${literal(title)} >>`,
    ...pages.flatMap((page, at) => [
      `<< /Type /Page /Parent 2 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents ${FIRST_PAGE + at * 2 + 1} 0 R >>`,
      contentOf(page),
    ]),
  ];
  let body = '%PDF-1.4\n';
  const offsets = objects.map((object, at) => {
    const offset = body.length;
    body += `${at + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 5 0 R >>\nstartxref\n${body.length}\n%%EOF\n`;
  return Buffer.from(`${body}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}${trailer}`, 'latin1');
}
