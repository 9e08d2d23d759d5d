import { z } from 'zod';
import type { Operation } from './operations.ts';
import {
  cleanup,
  createArchiveBody,
  makeProofBody,
  migrationArchive,
  migrationArchives,
  migrationProof,
  migrationProofWhole,
  proofKeys,
  proofPageQuery,
  readProofQuery,
} from './schemas/migration-proof.ts';

const tag = 'Migrations';
const path = '/ops/migrations/{id}';
const missing = 'migration_not_found';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });
const file = (description: string, contentType: string) => ({
  '200': { description, schema: z.string(), contentType },
});
const unfinished = [missing, 'migration_proof_not_found', 'migration_proof_not_ready'];

/** The routes of what a migration leaves behind. */
export const migrationPaperOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path: `${path}/proof`, tag, summary: 'Prove which charge covers each period' },
    body: makeProofBody,
    answers: { '202': { description: 'The providers are asked: read it with GET.', schema: migrationProof } },
    refusals: [missing, 'encryption_not_configured'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: `${path}/proof`, tag, summary: 'Read the newest proof, signed once it is finished' },
    query: readProofQuery,
    answers: ok(migrationProofWhole),
    refusals: [missing, 'migration_proof_not_found'],
  },
  {
    ...{ method: 'get', path: `${path}/proof.csv`, tag, summary: 'Load the newest finished proof as CSV' },
    answers: file('RFC 4180, with a header; a record for each period.', 'text/csv'),
    refusals: unfinished,
  },
  {
    ...{ method: 'get', path: `${path}/proof/page`, tag, summary: 'See the newest finished proof as a page' },
    query: proofPageQuery,
    answers: file('For people.', 'text/html'),
    refusals: unfinished,
  },
  {
    ...{ method: 'get', path: '/ops/migration-proofs/keys', tag, summary: 'List the public keys of proofs' },
    answers: ok(proofKeys),
    refusals: ['encryption_not_configured'],
  },
  {
    ...{ method: 'post', path: `${path}/archives`, tag, summary: 'Archive the old provider’s account' },
    body: createArchiveBody,
    answers: { '202': { description: 'It is read: list it until it has succeeded.', schema: migrationArchive } },
    refusals: [missing, 'archive_recipient_invalid', 'not_supported_by_provider'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: `${path}/archives`, tag, summary: 'List archives' },
    answers: ok(migrationArchives),
    refusals: [missing],
  },
  {
    ...{ method: 'get', path: `${path}/archives/{archive}/content`, tag, summary: 'Load an archive' },
    answers: file('Encrypted by age to its recipient.', 'application/octet-stream'),
    refusals: [missing, 'migration_archive_not_found', 'migration_archive_not_ready'],
  },
  {
    ...{ method: 'get', path: `${path}/cleanup`, tag, summary: 'List what to delete from configuration at the end' },
    answers: ok(cleanup),
    refusals: [missing],
  },
];
