import { hashLicenseKey } from '../../crypto/license-key.ts';
import type { LicenseKey } from '../../db/entities/benefit.ts';
import type { Db } from '../../db/orm.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import { addActivation, countValidation, findLicenseKey, removeActivation } from '../../db/queries/license-keys.ts';
import { presentLicenseKey } from '../../present/license-key.ts';
import type { Caller } from '../caller.ts';
import { refusal } from '../error-codes.ts';
import type { ActivateLicenseBody, LicenseKeyAnswer, ValidateLicenseBody } from '../schemas/license-key.ts';

/** A key of ours in the caller's project and mode; one of an organization that a session may not see is none. */
export async function findOwnKey(em: Db, caller: Caller, key: string): Promise<LicenseKey | null> {
  const row = await findLicenseKey(em, caller, hashLicenseKey(key));
  if (row === null || caller.organizations === null || caller.organizations.has(row.organizationId)) return row;
  return null;
}

/** @throws {BillingError} `license_key_not_valid`, `license_usage_exceeded` */
export async function validateOwnKey(
  em: Db,
  caller: Caller,
  key: LicenseKey,
  body: ValidateLicenseBody,
): Promise<LicenseKeyAnswer> {
  const usage = body.increment_usage ?? 0;
  const use = { activationId: body.activation_id, conditions: body.conditions ?? {}, usage };
  const isCounted = await em.transactional(async (tx) => {
    const used = await countValidation(tx, key, use);
    if (used !== null && usage > 0)
      audit(tx, caller, key, 'license_key.used', `${usage}`, {
        before: { usage: used - usage },
        after: { usage: used },
      });
    return used !== null;
  });
  const now = (await findLicenseKey(em, caller, key.keyHash)) ?? key;
  if (isCounted) return presentLicenseKey(now, body.activation_id, Date.now());
  const { valid } = presentLicenseKey(now, null, Date.now());
  const left = now.usageLimit === null ? usage : now.usageLimit - now.usage;
  if (valid && usage > left) throw refusal('license_usage_exceeded', `${left} of ${now.usageLimit ?? left} are left.`);
  throw refusal('license_key_not_valid', whyNotValid(now, valid));
}

function whyNotValid(key: LicenseKey, isValid: boolean): string {
  if (isValid) return 'The activation is not this key’s, or is bound to other conditions.';
  return key.status === 'granted' ? 'The key has expired.' : `The key is ${key.status}.`;
}

/** @throws {BillingError} `license_activation_refused` */
export async function activateOwnKey(
  em: Db,
  caller: Caller,
  key: LicenseKey,
  body: ActivateLicenseBody & { readonly activationId: string },
): Promise<LicenseKeyAnswer> {
  const { label, conditions, activationId: id } = body;
  const activation = await em.transactional(async (tx) => {
    const added = await addActivation(tx, key, { id, label, conditions });
    if (added?.isNew) audit(tx, caller, key, 'license_key.activated', added.id, { after: active(added.id) });
    return added;
  });
  if (!activation)
    throw refusal('license_activation_refused', 'The key is not valid any more, or active as often as it may be.');
  return presentLicenseKey(key, activation.id, Date.now());
}

/** Harmless when it is gone already. */
export async function deactivateOwnKey(em: Db, caller: Caller, key: LicenseKey, activationId: string): Promise<void> {
  await em.transactional(async (tx) => {
    if (await removeActivation(tx, key, activationId))
      audit(tx, caller, key, 'license_key.deactivated', activationId, { before: active(activationId), after: null });
  });
}

const active = (activationId: string) => ({ activation_id: activationId });

function audit(
  tx: Db,
  caller: Caller,
  key: LicenseKey,
  action: string,
  detail: string,
  told: { readonly before?: object; readonly after: object | null },
): void {
  const { projectId, live, actor } = caller;
  const entity = { entityKind: 'license_key', entityId: key.id };
  recordAudit(tx, { ...{ projectId, live, actor, action }, ...entity, detail, ...told });
}
