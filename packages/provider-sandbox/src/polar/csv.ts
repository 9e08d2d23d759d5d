import type { Answer } from '../http/answer.ts';

type Cell = string | number | null | undefined;

const cell = (value: Cell): string => {
  const text = String(value ?? '');
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** A CSV download with a header row, as the exports of Polar are. */
export function csvAnswer(fileName: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): Answer {
  const lines = [columns, ...rows].map((row) => row.map(cell).join(','));
  return {
    status: 200,
    body: `${lines.join('\r\n')}\r\n`,
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${fileName}"`,
    },
  };
}
