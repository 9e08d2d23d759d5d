import type { Db } from '../orm.ts';

/**
 * The next number of ours for an invoice that no provider numbers: without gaps per project, mode and year, because the
 * counter moves in the transaction that makes the invoice and goes back with it. Others who number wait until it commits,
 * so ask late in the transaction.
 *
 * @param year Of the invoice's date, UTC.
 * @returns `2026-000001`; test mode counts apart: `TEST-2026-000001`.
 */
export async function nextInvoiceNumber(tx: Db, projectId: string, live: boolean, year: number): Promise<string> {
  const rows = await tx.execute<{ last: number }[]>(
    `insert into invoice_counters as counter (project_id, live, year, last) values (?, ?, ?, 1)
     on conflict (project_id, live, year) do update set last = counter.last + 1
     returning last`,
    [projectId, live, year],
  );
  const number = `${year}-${String(rows[0]?.last).padStart(6, '0')}`;
  return live ? number : `TEST-${number}`;
}
