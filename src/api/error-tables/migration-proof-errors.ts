import type { ErrorPage } from './error-page.ts';

/** Codes of what a migration leaves behind: its proof and its archives. */
export const migrationProofErrors = {
  migration_proof_not_found: {
    kind: 'not_found',
    title: 'No proof yet',
    meaning: 'Nobody has asked what the charges of this migration were.',
    fix: 'Make one with `POST /api/v1/ops/migrations/{id}/proof`; as often as you like.',
  },
  migration_proof_not_ready: {
    kind: 'conflict',
    title: 'The proof is not finished',
    meaning: 'The providers are still being asked, or could not be; only a finished proof is signed and can be loaded.',
    fix: 'Read `GET /api/v1/ops/migrations/{id}/proof`: it tells how far it is, and why it failed.',
  },
  migration_archive_not_found: {
    kind: 'not_found',
    title: 'No such archive',
    meaning: 'No archive with this id belongs to this migration.',
    fix: 'List them with `GET /api/v1/ops/migrations/{id}/archives`.',
  },
  migration_archive_not_ready: {
    kind: 'conflict',
    title: 'The archive is not finished',
    meaning: 'It is still being read, or could not be: `failure` names why.',
    fix: 'Wait until its status is `succeeded`, or ask for another one.',
  },
  archive_recipient_invalid: {
    kind: 'invalid',
    title: 'The recipient is no age key',
    meaning: 'Archives are encrypted to a public key of age: `age1` and 58 letters and digits.',
    fix: 'Make a pair with `age-keygen -o key.txt` and send the public key that it prints; keep the file.',
  },
} as const satisfies Record<string, ErrorPage>;
