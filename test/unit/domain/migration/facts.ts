import type { MigrationSettings } from '../../../../src/domain/migration/migration.ts';
import type { ItemStand, NewSide, OldSide } from '../../../../src/domain/migration/sides.ts';
import type { StepFacts } from '../../../../src/domain/migration/step.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const iso = (ms: number) => new Date(ms).toISOString();

/** The old one is paid through the 1st of April. */
export const paidThrough = '2027-04-01T00:00:00.000Z';
export const endMs = Date.parse(paidThrough);

export const settings: MigrationSettings = {
  ...{ concurrency: 20, noticesPerMinute: 60, remindAfterMinutes: [3 * 1440, 7 * 1440], deadlineMinutes: 14 * 1440 },
  ...{ lastCallMinutes: 360, watchMinutes: 1440, prices: {} },
  routing: {
    policy: { name: 'x', version: 1, description: '', rules: [], fallback_provider: 'after' },
    blockedCountries: [],
  },
};

export const old: OldSide = {
  ...{ status: 'active', periodStart: '2027-03-01T00:00:00.000Z', paidThrough },
  ...{ isEnding: false, hasEnded: false, lastPaymentId: 'march' },
};
export const ending: OldSide = { ...old, isEnding: true };
export const ended: OldSide = { ...ending, status: 'canceled', hasEnded: true };

export const fresh: NewSide = {
  ...{ status: 'trialing', trialEnd: paidThrough, isEnding: false, hasEnded: false, endedAt: null, firstCharge: null },
};
export const charged: NewSide = {
  ...{ ...fresh, status: 'active' },
  firstCharge: { providerPaymentId: 'april', paidAt: paidThrough },
};
export const revoked: NewSide = {
  ...fresh,
  status: 'canceled',
  isEnding: true,
  hasEnded: true,
  endedAt: iso(endMs - day),
};

export const item: ItemStand = {
  ...{ state: 'moved', paidThrough, interval: 'month', notifiedAt: iso(endMs - 20 * day), remindersSent: 0 },
  ...{ deadlineAt: iso(endMs - 6 * day), firstChargeAt: null, checkout: 'paid', liveNew: 1, hasNew: true },
  ...{ coveredBy: null, isWithdrawn: false, wantsReminder: false },
};

export function facts(
  changes: { readonly item?: Partial<ItemStand> } & Partial<Omit<StepFacts, 'item'>> = {},
): StepFacts {
  const { item: changed, ...rest } = changes;
  return { old, new: fresh, settings, nowMs: endMs - 10 * day, ...rest, item: { ...item, ...changed } };
}
