import type { AuditEntry } from '../db/entities/records.ts';
import type { VoucherTruth } from '../domain/checkout/truth.ts';

/** Money as the contract writes it. */
export function toMoney(amountMinor: number, currency: string): { amount_minor: number; currency: string } {
  return { amount_minor: amountMinor, currency };
}

export function moneyOrNull(amountMinor: number | null, currency: string | null) {
  return amountMinor === null || currency === null ? null : toMoney(amountMinor, currency);
}

export function isoOrNull(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}

export function presentVoucher(voucher: VoucherTruth | null) {
  return (
    voucher && {
      kind: voucher.kind,
      reference: voucher.reference,
      clabe: voucher.clabe,
      barcode_url: voucher.barcodeUrl,
      expires_at: voucher.expiresAt,
    }
  );
}

export function presentTimeline(entries: readonly AuditEntry[]) {
  return entries.map((entry) => ({ at: entry.at.toISOString(), what: entry.action, detail: entry.detail }));
}
