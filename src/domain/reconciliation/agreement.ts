/** The share of compared objects that shall agree, over seven days. */
export const agreementObjective = 0.9999;

/** @returns the share that agreed, 0 to 1; null: nothing was compared. */
export function agreementOf(measured: { readonly compared: number; readonly differing: number }): number | null {
  const { compared, differing } = measured;
  return compared === 0 ? null : Math.max(0, 1 - differing / compared);
}
