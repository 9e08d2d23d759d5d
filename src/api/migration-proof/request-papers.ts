import { Encrypter } from 'age-encryption';
import type { Migration } from '../../db/entities/migration.ts';
import { requestArchive } from '../../db/queries/migration-archives.ts';
import { findProof, requestProof } from '../../db/queries/migration-proofs.ts';
import { presentArchive, presentProof } from '../../present/migration-proof.ts';
import { migrationArchiveStart, migrationProofStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import { requireKeyRing } from '../require-key-ring.ts';
import type { Operating } from '../routes/operate-once.ts';
import { createArchiveBody, makeProofBody } from '../schemas/migration-proof.ts';
import { parseInput } from '../schemas/parse.ts';

/** The public key that `age-keygen` prints. Others that the library takes, older age tools do not. */
const ageRecipient = /^age1[02-9ac-hj-np-z]{58}$/;

/** Writes that a proof shall be made, unless one is being made, and has its workflow started. */
export async function makeProof(deps: ApiDeps, operating: Operating, migration: Migration): Promise<Answer> {
  const { em, caller, body, id, before } = operating;
  parseInput(makeProofBody, body);
  requireKeyRing(deps);
  const { projectId, live, actor } = caller;
  const known = before === null ? null : await findProof(em, caller, id);
  const proof = known ?? (await requestProof(em.fork(), { id, projectId, live, migrationId: migration.id, actor }));
  if (proof.status === 'requested')
    await askWorkflow(deps.logger, { migration_proof: proof.id }, () =>
      deps.temporal.startMigrationPaper(migrationProofStart({ ...proof, fromProvider: migration.fromProvider })),
    );
  return { status: 202, body: presentProof((await findProof(em.fork(), caller, proof.id)) ?? proof) };
}

/** Writes that the old provider's account shall be archived, and has its workflow started. */
export async function makeArchive(deps: ApiDeps, operating: Operating, migration: Migration): Promise<Answer> {
  const { em, caller, body, id } = operating;
  const recipient = parseInput(createArchiveBody, body).recipient.trim();
  if (!isRecipient(recipient))
    throw fieldRefusal('archive_recipient_invalid', '/recipient', 'This is no public key of age (age1…).');
  if (!deps.providers.operations(migration.fromProvider).includes('archive.list'))
    throw fieldRefusal(
      'not_supported_by_provider',
      '/recipient',
      `${migration.fromProvider} cannot be read out whole.`,
    );
  const { projectId, live, actor } = caller;
  const archive = await requestArchive(em.fork(), {
    ...{ id, projectId, live, migrationId: migration.id, recipient, actor },
  });
  if (archive.status === 'requested')
    await askWorkflow(deps.logger, { migration_archive: id }, () =>
      deps.temporal.startMigrationPaper(migrationArchiveStart({ ...archive, fromProvider: migration.fromProvider })),
    );
  return { status: 202, body: presentArchive(archive) };
}

/** Its form, and its checksum: a typo would make an archive that nobody can read. */
function isRecipient(text: string): boolean {
  if (!ageRecipient.test(text)) return false;
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}
