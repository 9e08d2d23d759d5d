import { listKeyIssuers } from '../../db/queries/license-keys.ts';
import type { Db } from '../../db/orm.ts';
import { BillingError } from '../../domain/errors.ts';
import { presentProviderKey } from '../../present/license-key.ts';
import type { ProviderClient } from '../../providers/port.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import type { ActivateLicenseBody, LicenseKeyAnswer, ValidateLicenseBody } from '../schemas/license-key.ts';

type LicenseKeyOperations = NonNullable<ProviderClient['licenseKeys']>;

/**
 * Keys that a provider has issued with its product live there alone: it is asked directly, for a key must not stand in a
 * workflow's history, and nothing of the answer is stored.
 */
export async function listIssuers(
  deps: Pick<ApiDeps, 'providers'>,
  em: Db,
  caller: Caller,
): Promise<readonly LicenseKeyOperations[]> {
  // A session is for one organization, and the provider does not say whose a key is in our words.
  if (caller.organizations !== null) return [];
  const { projectId, live } = caller;
  const issuers = await listKeyIssuers(em, { projectId, live });
  const accounts = await Promise.all(issuers.map((id) => deps.providers.account(projectId, live, id)));
  return accounts.flatMap((account) => account?.client.licenseKeys ?? []);
}

/** The first that knows the key; null: none does. @throws {BillingError} `license_usage_exceeded` */
export async function validateAtProvider(
  issuers: readonly LicenseKeyOperations[],
  body: ValidateLicenseBody,
): Promise<LicenseKeyAnswer | null> {
  for (const issuer of issuers) {
    const { key, activation_id: activationId, increment_usage: incrementUsage, conditions } = body;
    const truth = await issuer.validate({ key, activationId, incrementUsage, ...(conditions && { conditions }) });
    if (truth) return presentProviderKey(truth, activationId);
  }
  return null;
}

/** @throws {BillingError} `license_activation_refused`, of the last that refused */
export async function activateAtProvider(
  issuers: readonly LicenseKeyOperations[],
  { key, label, conditions }: ActivateLicenseBody,
): Promise<LicenseKeyAnswer | null> {
  let refused: BillingError | null = null;
  for (const issuer of issuers) {
    try {
      const { activationId, licenseKey } = await issuer.activate({ key, label, conditions });
      return presentProviderKey(licenseKey, activationId);
    } catch (error) {
      if (!(error instanceof BillingError) || error.code !== 'license_activation_refused') throw error;
      refused = error;
    }
  }
  if (refused !== null) throw refused;
  return null;
}
