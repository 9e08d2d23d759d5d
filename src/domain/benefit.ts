/** What a plan or product brings beside access. */
export const benefitTypes = [
  'custom',
  'feature_flag',
  'downloadables',
  'license_keys',
  'discord',
  'github_repository',
  'meter_credit',
] as const;
export type BenefitType = (typeof benefitTypes)[number];

/** `pending` and `revoking`: the provider or the workflow is still at it. */
export type GrantStatus = 'pending' | 'granted' | 'revoking' | 'revoked' | 'failed';
export type GrantSource = 'subscription' | 'order' | 'direct';

/** A grant that is planned and waits for a workflow to carry it out. */
export interface GrantWork {
  readonly grantId: string;
  /** Of the plan: who is granted, revoked and granted again has three. */
  readonly version: number;
  /** Who gives it; null: we do. */
  readonly provider: string | null;
}

/** What an organization may do by a benefit, where that is for us to say; null: it is for somebody else. */
export function entitlementOfBenefit(
  type: BenefitType,
  properties: Readonly<Record<string, unknown>>,
): { readonly feature: string | null; readonly limits: Readonly<Record<string, number>> } | null {
  const { feature, meter, units } = properties;
  if (type === 'feature_flag' && typeof feature === 'string') return { feature, limits: {} };
  if (type === 'meter_credit' && typeof meter === 'string' && typeof units === 'number')
    return { feature: null, limits: { [meter]: units } };
  return null;
}

/** How license keys of a benefit are made. */
export interface LicenseTerms {
  readonly prefix: string | null;
  /** On how many machines; null: any number. */
  readonly activationLimit: number | null;
  readonly usageLimit: number | null;
  readonly expiresAt: Date | null;
}

/** @param from When the key is issued. */
export function licenseTerms(properties: Readonly<Record<string, unknown>>, from: Date): LicenseTerms {
  const { prefix, activation_limit: activations, limit_usage: usage, expires } = properties;
  return {
    prefix: typeof prefix === 'string' ? prefix : null,
    activationLimit: typeof activations === 'number' ? activations : null,
    usageLimit: typeof usage === 'number' ? usage : null,
    expiresAt: isLifetime(expires) ? after(from, expires) : null,
  };
}

interface Lifetime {
  readonly ttl: number;
  readonly timeframe: 'year' | 'month' | 'day';
}

function isLifetime(value: unknown): value is Lifetime {
  return typeof value === 'object' && value !== null && 'ttl' in value && typeof value.ttl === 'number';
}

/** By the calendar in UTC; a month that has no such day ends on its last. */
function after(from: Date, { ttl, timeframe }: Lifetime): Date {
  const end = new Date(from);
  if (timeframe === 'day') {
    end.setUTCDate(end.getUTCDate() + ttl);
    return end;
  }
  const day = end.getUTCDate();
  end.setUTCDate(1);
  end.setUTCMonth(end.getUTCMonth() + (timeframe === 'year' ? 12 : 1) * ttl);
  const lastDay = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate();
  end.setUTCDate(Math.min(day, lastDay));
  return end;
}
