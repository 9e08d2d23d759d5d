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
