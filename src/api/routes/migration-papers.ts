import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { proofPublicKeys } from '../../crypto/proof-keys.ts';
import type { Migration, MigrationProof } from '../../db/entities/migration.ts';
import { isId } from '../../db/new-id.ts';
import { findArchive, listArchives } from '../../db/queries/migration-archives.ts';
import { findLatestProof, pageLines, skipLines } from '../../db/queries/migration-proofs.ts';
import { findMigration } from '../../db/queries/migrations.ts';
import type { Db } from '../../db/orm.ts';
import { presentArchive } from '../../present/migration-proof.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { renderProof } from '../migration-proof/proof-page.ts';
import { readCleanup } from '../migration-proof/read-cleanup.ts';
import { makeArchive, makeProof } from '../migration-proof/request-papers.ts';
import { streamProof, streamProofCsv } from '../migration-proof/stream-proof.ts';
import { contentSecurityPolicy } from '../portal/style.ts';
import { requireKeyRing } from '../require-key-ring.ts';
import { proofPageQuery, readProofQuery } from '../schemas/migration-proof.ts';
import { parseInput } from '../schemas/parse.ts';
import { operator, readOps } from './managed-project.ts';
import { operateOnce } from './operate-once.ts';

const path = '/ops/migrations/:id';
const linesPerPage = 100;

/** What a migration leaves behind: its proof, archives of the old account, and what to delete at the end. */
export function createMigrationPaperRoutes(deps: ApiDeps): Router {
  const router = Router();
  router.route('/ops/migration-proofs/keys').get(listKeys(deps)).all(refuseMethod('GET'));
  router
    .route(`${path}/proof`)
    .get(showProof(deps))
    .post(
      operateOnce(deps, 'prf', async (operating) => {
        const { em, caller, request } = operating;
        return makeProof(deps, operating, await findOwn(em, caller, request));
      }),
    )
    .all(refuseMethod('GET', 'POST'));
  router.route(`${path}/proof.csv`).get(loadProof(deps)).all(refuseMethod('GET'));
  router.route(`${path}/proof/page`).get(pageProof(deps)).all(refuseMethod('GET'));
  router
    .route(`${path}/archives`)
    .get(listAll(deps))
    .post(
      operateOnce(deps, 'arc', async (operating) => {
        const { em, caller, request } = operating;
        return makeArchive(deps, operating, await findOwn(em, caller, request));
      }),
    )
    .all(refuseMethod('GET', 'POST'));
  router.route(`${path}/archives/:archive/content`).get(loadArchive(deps)).all(refuseMethod('GET'));
  router
    .route(`${path}/cleanup`)
    .get(async (request, response) => {
      const em = deps.orm.em.fork();
      response.json(await readCleanup(deps, em, await findOwn(em, operator(request, readOps), request)));
    })
    .all(refuseMethod('GET'));
  return router;
}

function listKeys(deps: ApiDeps): RequestHandler {
  return (request, response) => {
    operator(request, readOps);
    const keys = proofPublicKeys(requireKeyRing(deps));
    response.json({ data: keys.map(({ id, publicKey }) => ({ id, algorithm: 'Ed25519', public_key: publicKey })) });
  };
}

function showProof(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const { lines } = parseInput(readProofQuery, request.query);
    const { proof } = await latest(deps.orm.em.fork(), caller, request);
    response.type('application/json');
    await send(deps, response, streamProof(deps, proof, lines), proof.id);
  };
}

function loadProof(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const { proof } = await finished(deps.orm.em.fork(), caller, request);
    response.type('text/csv').attachment(`${proof.id}.csv`);
    await send(
      deps,
      response,
      streamProofCsv(() => deps.orm.em.fork(), proof.id),
      proof.id,
    );
  };
}

/** For a browser that a person's own tool gave the key; it needs no script and names no other host. */
function pageProof(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const { page } = parseInput(proofPageQuery, request.query);
    const em = deps.orm.em.fork();
    const { proof, text } = await finished(em, caller, request);
    const after = page === 1 ? null : await skipLines(em, proof.id, (page - 1) * linesPerPage);
    const rows =
      page > 1 && after === null ? [] : await pageLines(em, { proofId: proof.id, after, limit: linesPerPage });
    response
      .type('html')
      .set({ 'Content-Security-Policy': contentSecurityPolicy, 'Cache-Control': 'private, no-store' })
      .send(
        renderProof({
          ...{ proof, report: JSON.parse(text), lines: rows.map(({ line }) => JSON.parse(line)), page },
          pages: Math.max(1, Math.ceil(proof.itemsTotal / linesPerPage)),
        }),
      );
  };
}

function listAll(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const em = deps.orm.em.fork();
    const migration = await findOwn(em, caller, request);
    const rows = await listArchives(em, caller, migration.id);
    response.json({ data: rows.map(presentArchive), next_cursor: null });
  };
}

function loadArchive(deps: ApiDeps): RequestHandler {
  return async (request, response) => {
    const caller = operator(request, readOps);
    const em = deps.orm.em.fork();
    const migration = await findOwn(em, caller, request);
    const id = pathParam(request, 'archive');
    const archive = isId('arc', id) ? await findArchive(em, caller, migration.id, id) : null;
    if (archive === null) throw refusal('migration_archive_not_found', 'No archive of this migration has this id.');
    const content = archive.content;
    if (archive.status !== 'succeeded' || content == null || archive.sha256 === null)
      throw refusal('migration_archive_not_ready', 'The archive is not finished.');
    const digest = Buffer.from(archive.sha256, 'hex').toString('base64');
    response
      .type('application/octet-stream')
      .attachment(`${archive.id}.age`)
      .set({ 'Cache-Control': 'private, no-store', 'Content-Digest': `sha-256=:${digest}:` })
      .send(Buffer.from(content));
  };
}

async function findOwn(em: Db, caller: Caller, request: Request): Promise<Migration> {
  const id = pathParam(request, 'id');
  const migration = isId('mig', id) ? await findMigration(em, caller, id) : null;
  if (migration === null) throw refusal('migration_not_found', 'No migration has this id.');
  return migration;
}

/** The newest proof: the one that is being made, too. */
async function latest(em: Db, caller: Caller, request: Request): Promise<{ readonly proof: MigrationProof }> {
  const migration = await findOwn(em, caller, request);
  const proof = await findLatestProof(em, caller, migration.id);
  if (proof === null)
    throw refusal('migration_proof_not_found', `Make one: POST /api/v1/ops/migrations/${migration.id}/proof.`);
  return { proof };
}

/** The newest that is signed. */
async function finished(
  em: Db,
  caller: Caller,
  request: Request,
): Promise<{ readonly proof: MigrationProof; readonly text: string }> {
  const { proof: newest } = await latest(em, caller, request);
  const proof = newest.status === 'succeeded' ? newest : await findLatestProof(em, caller, newest.migrationId, true);
  const text = proof?.report ?? null;
  if (proof === null || text === null)
    throw refusal('migration_proof_not_ready', 'No proof of this migration is finished.');
  return { proof, text };
}

/** Whoever stopped reading needs no answer. What could not be read cuts the file off, which clients see. */
async function send(deps: ApiDeps, response: Response, chunks: AsyncGenerator<string>, id: string): Promise<void> {
  try {
    await pipeline(Readable.from(chunks), response);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE') return;
    deps.logger.error({ err: error, migration_proof: id }, 'a proof was cut off');
  }
}
