import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { signProof } from '../crypto/proof-keys.ts';
import { MigrationEntity, MigrationProofEntity, type Migration, type MigrationItem } from '../db/entities/migration.ts';
import { pageItems } from '../db/queries/migration-items.ts';
import { findProof, findSiblings, findSubscriptionsOf, putLines, streamLines } from '../db/queries/migration-proofs.ts';
import { canonicalJson } from '../domain/canonical-json.ts';
import { periodOf } from '../domain/calendar/period.ts';
import { BillingError } from '../domain/errors.ts';
import { rhythmOf } from '../domain/migration/legacy.ts';
import { proofLineOf, proofLineText, rankOf, readProofLine, type ProofLine } from '../domain/migration/proof-line.ts';
import {
  createTally,
  isClean,
  proofFormat,
  proofTolerance,
  toldTolerance,
  type ProofReport,
} from '../domain/migration/proof-report.ts';
import type { ProviderClient } from '../providers/port.ts';
import { createPatience } from './compare-patience.ts';
import type { ActivityDeps } from './deps.ts';
import { gatherEvidence } from './gather-evidence.ts';

/** A proof, as its workflow names it. */
export interface ProofRef {
  readonly projectId: string;
  readonly live: boolean;
  readonly proofId: string;
}

export interface ProofProgress {
  readonly status: 'requested' | 'running' | 'succeeded' | 'failed';
  /** The last item that is done; null: none is. */
  readonly cursor: string | null;
  readonly done: number;
  readonly total: number;
}

/** Few at a time: nobody waits for a proof, and others do for their checkouts. */
const pageSize = 50;
const abreast = 4;

/** Takes a proof up, or up again: answers where to go on. */
export function createBeginProof(deps: ActivityDeps) {
  return async function beginProof(ref: ProofRef): Promise<ProofProgress> {
    const { projectId, live, proofId: id } = ref;
    const em = deps.orm.em.fork();
    await em.nativeUpdate(
      MigrationProofEntity,
      { id, projectId, live, status: 'requested' },
      { status: 'running', updatedAt: new Date() },
    );
    const { status, cursor, itemsDone, itemsTotal } = await em.findOneOrFail(MigrationProofEntity, {
      id,
      projectId,
      live,
    });
    return { status, cursor, done: itemsDone, total: itemsTotal };
  };
}

/**
 * Asks the providers about one page of items and writes their lines, with how far it is. Repeated, it asks again and
 * writes what is true then.
 *
 * @param input.isLast What cannot be read is left out and said so, instead of being tried again.
 */
export function createProvePage(deps: ActivityDeps) {
  return async function provePage(
    input: ProofRef & { readonly cursor: string | null; readonly isLast: boolean },
  ): Promise<{ readonly cursor: string | null; readonly done: number }> {
    const { proofId, cursor, isLast, ...scope } = input;
    const em = deps.orm.em.fork();
    const proof = await em.findOneOrFail(MigrationProofEntity, { id: proofId, ...scope });
    const migration = await em.findOneOrFail(MigrationEntity, { id: proof.migrationId, ...scope });
    const found = await pageItems(em, scope, { migrationId: migration.id, after: cursor, limit: pageSize });
    const items = found.slice(0, pageSize);
    const lines = await linesOf(deps, { migration, items, asOf: proof.asOf.toISOString(), isLast });
    const last = items.at(-1)?.id ?? cursor ?? '';
    const rows = lines.map((line) => ({
      ...{ itemId: line.item_id, rank: rankOf(line.verdict), line: proofLineText(line) },
    }));
    await putLines(deps.orm.em.fork(), { proofId, cursor: last, rows });
    return { cursor: found.length > pageSize ? last : null, done: items.length };
  };
}

async function linesOf(
  deps: ActivityDeps,
  page: {
    readonly migration: Migration;
    readonly items: readonly MigrationItem[];
    readonly asOf: string;
    readonly isLast: boolean;
  },
): Promise<readonly ProofLine[]> {
  const { migration, items, asOf, isLast } = page;
  const { projectId, live, fromProvider } = migration;
  const scope = { projectId, live };
  const rows = await findSubscriptionsOf(deps.orm.em.fork(), scope, items);
  const siblings = await findSiblings(deps.orm.em.fork(), scope, migration.id, items);
  const patiently = createPatience(sleep);
  const clientOf = async (provider: string) => clientAt(deps, scope, provider);
  return inParallel(items, abreast, async (item) => {
    const rules = rulesOf(migration, item, asOf);
    const gathered = await gatherEvidence({ item, fromProvider, rows, clientOf, patiently, from: rules.from, isLast });
    const subject = {
      ...{ itemId: item.id, organizationId: item.organizationId, state: item.state, code: item.code },
      planId: item.plan?.action === 'move' ? item.plan.planId : null,
      alsoBilledBy: siblings.filter((other) => isOfSameRight(other, item)).map(({ id }) => id),
    };
    return proofLineOf({ subject, ...gathered, rules, readAt: new Date().toISOString() });
  });
}

function isOfSameRight(other: MigrationItem, item: MigrationItem): boolean {
  return (
    other.id !== item.id &&
    item.organizationId !== null &&
    other.organizationId === item.organizationId &&
    other.legacy.offerId === item.legacy.offerId
  );
}

function rulesOf({ startedAt, createdAt, settings }: Migration, item: MigrationItem, asOf: string) {
  const began = (startedAt ?? createdAt).toISOString();
  const interval = rhythmOf(item) === 'year' ? 'yearly' : 'monthly';
  return {
    ...{ asOf, from: periodOf({ anchorAt: began, interval, index: -1 }).start },
    ...{ ...proofTolerance, graceMinutes: settings.watchMinutes },
  };
}

async function clientAt(
  deps: ActivityDeps,
  { projectId, live }: { readonly projectId: string; readonly live: boolean },
  provider: string,
): Promise<ProviderClient> {
  const account = await deps.background.account(projectId, live, provider);
  if (account) return account.client;
  throw new BillingError({
    code: 'provider_not_configured',
    kind: 'unavailable',
    message: `Project ${projectId} has no ${live ? 'live' : 'test'} account at ${provider} any more.`,
  });
}

/** In the order of the inputs, so many at a time. */
async function inParallel<In, Out>(
  inputs: readonly In[],
  width: number,
  work: (input: In) => Promise<Out>,
): Promise<readonly Out[]> {
  const done: Out[] = [];
  for (let at = 0; at < inputs.length; at += width)
    done.push(...(await Promise.all(inputs.slice(at, at + width).map(work))));
  return done;
}

/** Adds all lines up and signs: from then on nothing of the proof changes. Repeated, it stays as it was signed first. */
export function createFinishProof(deps: ActivityDeps) {
  return async function finishProof(ref: ProofRef): Promise<{ readonly isClean: boolean }> {
    const { proofId, ...scope } = ref;
    const { keyRing } = deps;
    if (keyRing === null)
      throw new BillingError({
        code: 'encryption_not_configured',
        kind: 'invalid',
        message: 'A proof is signed by a key that comes from ENCRYPTION_KEYS: set it, and make the proof again.',
      });
    const em = deps.orm.em.fork();
    const proof = await em.findOneOrFail(MigrationProofEntity, { id: proofId, ...scope });
    const migration = await em.findOneOrFail(MigrationEntity, { id: proof.migrationId, ...scope });
    const hash = createHash('sha256');
    const tally = createTally();
    for await (const text of streamLines(() => deps.orm.em.fork(), proofId)) {
      hash.update(`${text}\n`);
      tally.add(readProofLine(text));
    }
    const totals = tally.totals();
    const report: ProofReport = {
      ...{ format: proofFormat, id: proofId, migration_id: migration.id, migration_name: migration.name },
      ...{ project_id: scope.projectId, mode: scope.live ? 'live' : 'test' },
      ...{ from_provider: migration.fromProvider, to_provider: migration.toProvider },
      migration_began_at: (migration.startedAt ?? migration.createdAt).toISOString(),
      ...{ as_of: proof.asOf.toISOString(), finished_at: new Date().toISOString() },
      ...{ ...toldTolerance, grace_minutes: migration.settings.watchMinutes },
      ...{ ...totals, is_clean: isClean(totals), lines_sha256: hash.digest('hex') },
      key_id: signProof(keyRing, '').id,
    };
    const text = canonicalJson(report);
    const { signature, id: keyId } = signProof(keyRing, text);
    await em.nativeUpdate(
      MigrationProofEntity,
      { id: proofId, ...scope, status: 'running' },
      { status: 'succeeded', report: text, signature, keyId, finishedAt: new Date(), updatedAt: new Date() },
    );
    return { isClean: report.is_clean };
  };
}

/** Ends a proof that could not be made; what was found stays to be looked at, unsigned. */
export function createFailProof(deps: ActivityDeps) {
  return async function failProof(
    input: ProofRef & { readonly code: string; readonly message: string },
  ): Promise<{ readonly status: string }> {
    const { proofId: id, projectId, live, code, message } = input;
    const em = deps.orm.em.fork();
    await em.nativeUpdate(
      MigrationProofEntity,
      { id, projectId, live, status: { $in: ['requested', 'running'] } },
      {
        status: 'failed',
        failureCode: code,
        failureDetail: { message },
        finishedAt: new Date(),
        updatedAt: new Date(),
      },
    );
    return { status: (await findProof(em, { projectId, live }, id))?.status ?? 'failed' };
  };
}
