import { addInterval } from '../core/duration.ts';
import { uuid } from '../core/ids.ts';
import type { PolarContext } from './context.ts';
import type { Benefit, LicenseKey } from './objects.ts';

interface LicenseKeyRules {
  prefix: string | null;
  expires: { ttl: number; timeframe: 'year' | 'month' | 'day' } | null;
  activations: { limit: number; enable_customer_admin: boolean } | null;
  limit_usage: number | null;
}

function rulesOf(benefit: Benefit): LicenseKeyRules {
  const { prefix = null, expires = null, activations = null, limit_usage = null } = benefit.properties;
  // Parsed by the body's schema when the benefit was made.
  return { prefix, expires, activations, limit_usage } as LicenseKeyRules;
}

function newCode(prefix: string | null): { key: string; display_key: string } {
  const code = uuid().toUpperCase();
  return {
    key: prefix === null || prefix === '' ? code : `${prefix.trim().toUpperCase()}-${code}`,
    display_key: `****-${code.slice(-6)}`,
  };
}

/** A new secret for the same key: the old one is unknown from now on, activations and limits stay. */
export function rotateKey(polar: PolarContext, key: LicenseKey): LicenseKey {
  const benefit = polar.benefits.get(key.benefit_id);
  Object.assign(key, newCode(benefit ? rulesOf(benefit).prefix : null), { modified_at: polar.now() });
  return polar.licenseKeys.put(key);
}

/** A key by the benefit's rules, shown in short as the dashboard does. */
export function issueLicenseKey(polar: PolarContext, benefit: Benefit, customerId: string): LicenseKey {
  const { prefix, expires, activations, limit_usage } = rulesOf(benefit);
  const nowMs = polar.sandbox.clock.nowMs();
  return polar.licenseKeys.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    organization_id: polar.organizationId(),
    customer_id: customerId,
    benefit_id: benefit.id,
    ...newCode(prefix),
    status: 'granted',
    limit_activations: activations?.limit ?? null,
    usage: 0,
    limit_usage,
    validations: 0,
    last_validated_at: null,
    expires_at: expires === null ? null : new Date(addInterval(nowMs, expires.timeframe, expires.ttl)).toISOString(),
  });
}

export function setKeyStatus(polar: PolarContext, id: unknown, status: LicenseKey['status']): void {
  const key = typeof id === 'string' ? polar.licenseKeys.get(id) : undefined;
  if (!key) return;
  Object.assign(key, { status, modified_at: polar.now() });
  polar.licenseKeys.put(key);
}
