import { proofPublicKeys } from '../../crypto/proof-keys.ts';
import type { MigrationProof } from '../../db/entities/migration.ts';
import { streamLines } from '../../db/queries/migration-proofs.ts';
import type { Db } from '../../db/orm.ts';
import { rankOf, type ProofLine } from '../../domain/migration/proof-line.ts';
import { presentProof } from '../../present/migration-proof.ts';
import { csvLine } from '../csv.ts';
import type { ApiDeps } from '../deps.ts';

/** Up to here a person must look at it. */
const lastFinding = rankOf('refunded');

/**
 * A proof as JSON in chunks, line by line: ten thousand subscriptions cost neither side its memory. Report and lines go
 * out byte for byte as they were signed and hashed.
 */
export async function* streamProof(
  deps: ApiDeps,
  proof: MigrationProof,
  wanted: 'all' | 'findings' | 'none',
): AsyncGenerator<string> {
  const head = JSON.stringify(presentProof(proof));
  const signature = JSON.stringify(signatureOf(deps, proof));
  yield `${head.slice(0, -1)},"report":${proof.report ?? 'null'},"signature":${signature},"lines":[`;
  let before = '';
  if (wanted !== 'none' && proof.status === 'succeeded')
    for await (const line of streamLines(
      () => deps.orm.em.fork(),
      proof.id,
      wanted === 'all' ? undefined : lastFinding,
    )) {
      yield `${before}${line}`;
      before = ',';
    }
  yield ']}';
}

/** null: not signed. Its public key is null where the ring has lost the key that signed. */
function signatureOf({ keyRing }: ApiDeps, { signature: value, keyId }: MigrationProof) {
  if (value === null || keyId === null) return null;
  const known = keyRing === null ? [] : proofPublicKeys(keyRing);
  const key = known.find(({ id }) => id === keyId);
  return { algorithm: 'Ed25519', key_id: keyId, public_key: key?.publicKey ?? '', value };
}

export const proofColumns = [
  ...['item_id', 'organization_id', 'plan_id', 'item_state', 'verdict', 'period_start', 'period_end', 'period_state'],
  ...['provider', 'charge_ids', 'amount_minor', 'currency', 'refunded_minor', 'charged_at'],
] as const;

/** One record for each period, in the report's order; a line without periods has one of its own. */
export async function* streamProofCsv(em: () => Db, proofId: string): AsyncGenerator<string> {
  yield csvLine(proofColumns);
  for await (const text of streamLines(em, proofId)) yield csvOf(JSON.parse(text));
}

function csvOf(line: ProofLine): string {
  const { item_id, organization_id, plan_id, state, verdict } = line;
  const head = [item_id, organization_id, plan_id, state, verdict];
  if (line.periods.length === 0) return csvLine([...head, null, null, null, null, null, null, null, null, null]);
  return line.periods
    .map(({ start, end, state: periodState, provider, charges: ids }) => {
      const charges = line.charges.filter(({ id }) => ids.includes(id));
      const [first] = charges;
      const amount = charges.reduce((sum, { amount_minor }) => sum + amount_minor, 0);
      const refunded = charges.reduce((sum, { refunded_minor }) => sum + (refunded_minor ?? 0), 0);
      const money = first === undefined ? [null, null, null, null] : [amount, first.currency, refunded, first.at];
      return csvLine([...head, start, end, periodState, provider, ids.join(' '), ...money]);
    })
    .join('');
}
