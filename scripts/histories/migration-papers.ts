import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { z } from 'zod';
import { migrationArchiveWorkflowId, migrationProofWorkflowId } from '../../src/workflows/messages.ts';
import { bought } from '../../test/integration/subscription-stories.ts';
import type { System } from '../../test/integration/support.ts';
import { faultsOf, readProof } from '../verify-proof.ts';
import { moment, operate, type Story } from './story.ts';

const made = z.looseObject({ id: z.string(), status: z.string() });

/** One paid month at a provider that somebody thinks of leaving: which charge covers it, signed. */
const proven: Story = async (at) => {
  await bought(at, {});
  const path = `/ops/migrations/${await planned(at, 'stripe')}`;
  const proof = made.parse(await operate(at, 'POST', `${path}/proof`, {}));
  await at.temporal.workflow.getHandle(migrationProofWorkflowId(proof.id)).result();
  const whole = readProof(JSON.stringify(await operate(at, 'GET', `${path}/proof`)));
  const faults = faultsOf(whole, null, null);
  const covered = whole.lines.filter(({ verdict }) => verdict === 'charged');
  if (faults.length > 0 || covered.length === 0) throw new Error(`no proof: ${JSON.stringify({ faults, whole })}`);
  return { 'migration-proof': migrationProofWorkflowId(proof.id) };
};

/** All of an account that can be read out whole, for who has the key. */
const archived: Story = async (at) => {
  const path = `/ops/migrations/${await planned(at, 'fungies')}`;
  const recipient = await identityToRecipient(await generateX25519Identity());
  const archive = made.parse(await operate(at, 'POST', `${path}/archives`, { recipient }));
  await at.temporal.workflow.getHandle(migrationArchiveWorkflowId(archive.id)).result();
  const [kept] = z.object({ data: z.array(made) }).parse(await operate(at, 'GET', `${path}/archives`)).data;
  if (kept?.status !== 'succeeded') throw new Error(`no archive: ${JSON.stringify(kept)}`);
  return { 'migration-archive': migrationArchiveWorkflowId(archive.id) };
};

/** Without effect at anybody: who is there, and what would become of them. */
async function planned(at: System, from: string): Promise<string> {
  const body = { name: `leaving ${from}`, from, dry_run: true };
  const { id } = made.parse(await operate(at, 'POST', '/ops/migrations', body));
  for (let tries = 0; tries < 1_200; tries += 1) {
    const { status } = made.parse(await operate(at, 'GET', `/ops/migrations/${id}`));
    if (status === 'planned') return id;
    await moment();
  }
  throw new Error(`the migration ${id} was never planned`);
}

export const migrationPaperStories: readonly Story[] = [proven, archived];
