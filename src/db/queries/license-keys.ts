import { LicenseActivationEntity, LicenseKeyEntity, type LicenseKey } from '../entities/benefit.ts';
import type { Db } from '../orm.ts';
import type { Scope } from './subscriptions.ts';

export async function findLicenseKey(em: Db, scope: Scope, keyHash: string): Promise<LicenseKey | null> {
  return em.findOne(LicenseKeyEntity, { projectId: scope.projectId, live: scope.live, keyHash }, { refresh: true });
}

/**
 * Counts a validation and what it uses, in one statement: two at once never use more than there is.
 *
 * @param use.activationId Must be this key's, and all that it is bound to must be among `use.conditions`.
 * @returns what has been used then; null: the key is not valid, or has not that much usage left; nothing was counted.
 */
export async function countValidation(
  em: Db,
  key: LicenseKey,
  use: {
    readonly activationId: string | null;
    readonly conditions: Readonly<Record<string, string>>;
    readonly usage: number;
  },
): Promise<number | null> {
  const { activationId, conditions, usage } = use;
  const [counted] = await em.execute<{ usage: string | number }[]>(
    `update license_keys set validations = validations + 1, usage = usage + ?, updated_at = now()
     where id = ? and status = 'granted' and (expires_at is null or expires_at > now())
       and (? = 0 or usage_limit is null or usage + ? <= usage_limit)
       and (?::text is null or exists (
         select 1 from license_activations activation
         where activation.id = ? and activation.license_key_id = license_keys.id
           and activation.conditions <@ ?::jsonb))
     returning usage`,
    [usage, key.id, usage, usage, activationId, activationId, JSON.stringify(conditions)],
  );
  return counted ? Number(counted.usage) : null;
}

/**
 * Adds an activation below the key's limit. The key's row is locked first, so that two at once are counted one after the
 * other.
 *
 * @returns null: the key is not valid any more, or active as often as it may be.
 */
export async function addActivation(
  tx: Db,
  key: LicenseKey,
  input: { readonly id: string; readonly label: string; readonly conditions: Readonly<Record<string, string>> },
): Promise<{ readonly id: string; readonly isNew: boolean } | null> {
  const [open] = await tx.execute<{ activation_limit: number | null }[]>(
    `select activation_limit from license_keys
     where id = ? and status = 'granted' and (expires_at is null or expires_at > now()) for update`,
    [key.id],
  );
  if (!open) return null;
  const known = await tx.findOne(LicenseActivationEntity, { id: input.id, licenseKeyId: key.id });
  if (known) return { id: known.id, isNew: false };
  const active = await tx.count(LicenseActivationEntity, { licenseKeyId: key.id });
  if (open.activation_limit !== null && active >= open.activation_limit) return null;
  const { id, label, conditions } = input;
  tx.create(LicenseActivationEntity, { id, licenseKeyId: key.id, label, conditions }, { persist: true });
  return { id, isNew: true };
}

/** @returns false: the key has no such activation, or not any more. */
export async function removeActivation(tx: Db, key: LicenseKey, activationId: string): Promise<boolean> {
  return (await tx.nativeDelete(LicenseActivationEntity, { id: activationId, licenseKeyId: key.id })) > 0;
}

/** Providers that may have issued a key of this project: where one of its license benefits is known. */
export async function listKeyIssuers(em: Db, scope: Scope): Promise<readonly string[]> {
  const rows = await em.execute<{ provider: string }[]>(
    `select distinct named.provider from provider_benefits named
     join benefits benefit on benefit.project_id = named.project_id and benefit.id = named.benefit_id
     where named.project_id = ? and named.live = ? and benefit.type = 'license_keys' order by named.provider`,
    [scope.projectId, scope.live],
  );
  return rows.map(({ provider }) => provider);
}
