import { mintLicenseKey, hashLicenseKey, sealLicenseKey } from '../crypto/license-key.ts';
import { BenefitGrantEntity, LicenseKeyEntity, type Benefit, type BenefitGrant } from '../db/entities/benefit.ts';
import { newId } from '../db/new-id.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { writeGrantEntitlement } from '../db/queries/grant-entitlements.ts';
import { licenseTerms, type GrantStatus } from '../domain/benefit.ts';
import { presentGrant } from '../present/benefit.ts';
import type { ActivityDeps } from './deps.ts';
import { RowMoved } from './keep-in-step.ts';
import { recordEvent } from './record-event.ts';

/** What came of carrying out a grant. */
export type GrantOutcome =
  | {
      readonly is: 'granted';
      readonly providerGrantId: string | null;
      readonly properties: Readonly<Record<string, unknown>>;
      /** What is left for somebody else to do. */
      readonly problem: string | null;
    }
  | { readonly is: 'revoked' }
  | { readonly is: 'waiting'; readonly problem: string }
  | { readonly is: 'failed'; readonly problem: string };

/**
 * Writes what came of a grant, and all that follows from it, in one transaction: license key, entitlement, audit, event.
 *
 * @param read The row as it was before anybody was asked; if it has moved since, nothing is written.
 * @throws {RowMoved} read again, ask again
 */
export async function settleGrant(
  deps: Pick<ActivityDeps, 'keyRing'>,
  em: Db,
  read: BenefitGrant,
  benefit: Benefit,
  outcome: GrantOutcome,
): Promise<SettledGrant> {
  if (outcome.is !== 'waiting') return writeOutcome(deps, em, read, benefit, outcome);
  await tellProblem(em, read, outcome.problem);
  return { status: read.status, because: outcome.problem };
}

interface SettledGrant {
  readonly status: GrantStatus;
  readonly because: string;
}

function writeOutcome(
  deps: Pick<ActivityDeps, 'keyRing'>,
  em: Db,
  read: BenefitGrant,
  benefit: Benefit,
  outcome: Exclude<GrantOutcome, { readonly is: 'waiting' }>,
): Promise<SettledGrant> {
  return em.transactional(async (tx) => {
    const row = await tx.findOneOrFail(BenefitGrantEntity, { id: read.id }, { refresh: true });
    if (row.version !== read.version) throw new RowMoved();
    const before = row.status;
    row.status = outcome.is;
    row.problem = outcome.is === 'revoked' ? null : outcome.problem;
    if (outcome.is === 'granted') {
      tx.assign(row, { grantedAt: new Date(), revokedAt: null, properties: { ...outcome.properties } });
      row.providerGrantId = outcome.providerGrantId;
      if (row.provider === null && benefit.type === 'license_keys') await issueKey(deps, tx, row, benefit);
    } else if (outcome.is === 'revoked') {
      row.revokedAt = new Date();
      await tx.nativeUpdate(LicenseKeyEntity, { grantId: row.id, status: 'granted' }, { status: 'revoked' });
    }
    await tx.flush();
    await writeGrantEntitlement(tx, row, benefit);
    await tell(tx, row, benefit, before);
    return { status: row.status, because: row.problem ?? `${row.status} by ${row.provider ?? 'ourselves'}` };
  });
}

/** Beside the version, for it is no step of the grant's: its workflow goes on under the same id. */
async function tellProblem(em: Db, row: BenefitGrant, problem: string): Promise<void> {
  await em.execute(
    `update benefit_grants set problem = ?, updated_at = now() where id = ? and version = ?`,
    [problem, row.id, row.version],
    'run',
  );
}

/** One key per grant for ever: who is granted again gets the old one back. */
async function issueKey(deps: Pick<ActivityDeps, 'keyRing'>, tx: Db, row: BenefitGrant, benefit: Benefit) {
  if (deps.keyRing === null) throw new Error('a license key needs encryption keys');
  const known = await tx.findOne(LicenseKeyEntity, { grantId: row.id });
  if (known) {
    if (known.status === 'revoked') known.status = 'granted';
    return;
  }
  const { projectId, live, organizationId, id: grantId } = row;
  const terms = licenseTerms(benefit.properties, new Date());
  const { key, displayKey } = mintLicenseKey(terms.prefix);
  tx.create(
    LicenseKeyEntity,
    {
      ...{ id: newId('lic'), projectId, live, organizationId, grantId, displayKey, status: 'granted' },
      ...{ keyHash: hashLicenseKey(key), keySealed: sealLicenseKey(deps.keyRing, grantId, key) },
      ...{ activationLimit: terms.activationLimit, usageLimit: terms.usageLimit, usage: 0, validations: 0 },
      expiresAt: terms.expiresAt,
    },
    { persist: true },
  );
}

/** The customer's key is read, never told. */
async function tell(tx: Db, row: BenefitGrant, benefit: Benefit, before: GrantStatus): Promise<void> {
  const { projectId, live, organizationId, id } = row;
  recordAudit(tx, {
    ...{ projectId, live, actor: `benefit-grant/${id}`, action: `benefit.${row.status}` },
    ...{ entityKind: 'benefit_grant', entityId: id, detail: row.problem ?? `${benefit.type} for ${row.sourceKind}` },
    ...{ before: { status: before }, after: { status: row.status } },
  });
  if (row.status !== 'granted' && row.status !== 'revoked') return;
  await recordEvent(tx, {
    ...{ projectId, live, organizationId, type: `benefit.${row.status}`, objectKind: 'benefit', objectId: id },
    ...{ cause: row.version, data: presentGrant(row, benefit, null) },
  });
}
