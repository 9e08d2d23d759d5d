/**
 * Why a window that somebody asked for cannot be compared, and the field to mend; null: it can.
 *
 * @param limits.horizonMs How far back the provider can tell what changed.
 */
export function windowFault(
  window: { readonly fromMs: number; readonly toMs: number },
  limits: { readonly nowMs: number; readonly horizonMs: number },
): { readonly field: 'from' | 'to'; readonly because: string } | null {
  const { fromMs, toMs } = window;
  const { nowMs, horizonMs } = limits;
  if (toMs > nowMs) return { field: 'to', because: 'It lies in the future, where nothing has happened yet.' };
  if (fromMs >= toMs) return { field: 'from', because: 'It must be before `to`.' };
  const days = Math.floor(horizonMs / 86_400_000);
  if (fromMs < nowMs - horizonMs)
    return { field: 'from', because: `The provider tells what changed in the last ${days} days only.` };
  return null;
}
