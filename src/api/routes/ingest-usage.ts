import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { UsageEvent } from '../../domain/usage/event.ts';
import { refuseMethod, sendAnswer } from '../answer.ts';
import { authorize, authorizeFor, callerOf, onlyOrganization } from '../caller.ts';
import { findCardNumber } from '../card-scan.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import { toBillingError } from '../errors.ts';
import { idempotencyKeyOf, runIdempotent } from '../idempotency.ts';
import { readBytes } from '../read-bytes.ts';
import { parseInput } from '../schemas/parse.ts';
import { importQuery, type ImportLine, type UsageBatchAnswer, type UsageEventAnswer } from '../schemas/usage-ingest.ts';
import { importEvents } from '../usage/import-events.ts';
import { readRequest, type SentEvents } from '../usage/read-request.ts';
import { createTakeIn, writeUsage, type TakeIn, type TakenIn } from '../usage/take-in-events.ts';

/** A batch of large events, and one absurdly large event that is then refused by name. */
const maxBodyBytes = 8 * 1024 * 1024;
/** A sender that does not read its progress is given up. */
const unreadPatienceMs = 60_000;

/**
 * Where usage comes in. Apps send each thing that happens, so the path is short: after the gate, nothing but raw bytes,
 * our own reading and one statement shared with whoever sends at the same time.
 *
 * @param gate Finds out who calls, and how often.
 */
export function createIngestUsageRoutes(deps: ApiDeps, gate: readonly RequestHandler[]): Router {
  const router = Router();
  const takeIn = createTakeIn(deps);
  const raw = readBytes(maxBodyBytes);
  router
    .route('/billing/usage/import')
    .post(...gate, mayWrite, (request, response) => answerImport(takeIn, request, response))
    .all(refuseMethod('POST'));
  // No other method is refused here: reading usage is elsewhere.
  for (const path of ['/billing/usage', ...deps.providers.ids().map((id) => `/${id}/usage`)])
    router
      .route(path)
      .options(...gate)
      .post(...gate, mayWrite, raw, (request, response) => answer(deps, takeIn, request, response));
  return router;
}

/** Before the body is read. */
const mayWrite: RequestHandler = (request, _response, next) => {
  const caller = callerOf(request);
  authorize(caller, writeUsage);
  const only = onlyOrganization(caller);
  if (only !== null) authorizeFor(caller, writeUsage, only, 'organization_not_found');
  const found = request.url.includes('?') ? findCardNumber(request.query, '/query') : null;
  if (found !== null) throw fieldRefusal('card_data_refused', found, 'This looks like a card number.');
  next();
};

async function answer(deps: ApiDeps, takeIn: TakeIn, request: Request, response: Response): Promise<void> {
  const caller = callerOf(request);
  const body: unknown = request.body;
  const sent = readRequest(request.headers, Buffer.isBuffer(body) ? body.toString('utf8') : '');
  const organizationId = namedOnce(sent) ?? namedInQuery(request) ?? onlyOrganization(caller);
  const idempotencyKey = idempotencyKeyOf(request);
  const take = async () => present(sent, await takeIn({ caller, sent, organizationId, idempotencyKey }));
  // The identity of events makes a repeat harmless: a key is for apps that want one, and costs what it costs.
  if (idempotencyKey === null) return accept(response, await take());
  const once = await runIdempotent({
    ...{ em: deps.orm.em.fork(), caller, request, prefix: 'ue', publicUrl: deps.settings.publicUrl },
    body: [sent.isBatch, organizationId, ...sent.events],
    handle: async () => ({ status: 202, body: await take() }),
  });
  sendAnswer(request, response, once);
}

function present(sent: SentEvents, taken: TakenIn): UsageEventAnswer | UsageBatchAnswer {
  if (!sent.isBatch) return presentEvent(sent, taken);
  const { accepted, duplicates, rejected, made } = taken;
  const told = rejected.map(({ index, code, detail }) => ({ index, code, detail }));
  return { accepted, duplicates, rejected: told, ...(made.length > 0 && { made: [...made] }) };
}

/** Without what Express weighs of every answer: whether it is fresh, of which type, and how long. */
function accept(response: Response, body: UsageEventAnswer | UsageBatchAnswer): void {
  response.statusCode = 202;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}

/** @throws {BillingError} what is wrong with the event */
function presentEvent(sent: SentEvents, { events, duplicates, rejected }: TakenIn): UsageEventAnswer {
  const [event] = events;
  const [fault] = rejected;
  if (fault)
    throw refusal(fault.code, fault.detail, {
      faults: [{ pointer: fault.pointer, code: fault.code, detail: fault.detail }],
    });
  if (!event) throw new Error('an event was neither taken nor rejected');
  return {
    event_id: event.eventId,
    event_name: event.eventName,
    quantity: asSent(sent, event),
    reported: false,
    ...(duplicates > 0 && { duplicate: true as const }),
  };
}

/** Text stays text and a number a number. */
function asSent(sent: SentEvents, { quantity }: UsageEvent): string | number {
  const [one] = sent.events;
  const translated = sent.translate(one);
  const event = 'event' in translated ? translated.event : null;
  const isText =
    typeof event === 'object' && event !== null && 'quantity' in event && typeof event.quantity === 'string';
  return isText ? quantity : Number(quantity);
}

/** The organization that a batch gives once for all of its events. */
function namedOnce({ organizationId }: SentEvents): string | null {
  return organizationId === undefined
    ? null
    : (parseInput(importQuery, { organization_id: organizationId }).organization_id ?? null);
}

/** Most requests have no query, and none is parsed for them. */
function namedInQuery(request: Request): string | null {
  if (!request.url.includes('?')) return null;
  return parseInput(importQuery, request.query).organization_id ?? null;
}

/**
 * Answers while it reads: a line for each rejected event, one after each commit, and a last one. What was committed when
 * the connection breaks stays; to send all of it again counts nothing twice.
 */
async function answerImport(takeIn: TakeIn, request: Request, response: Response): Promise<void> {
  const caller = callerOf(request);
  const { organization_id: named } = parseInput(importQuery, request.query);
  if (request.get('content-encoding') !== undefined)
    throw refusal('unsupported_media_type', 'An import is NDJSON as it is, without an encoding.');
  const organizationId = named ?? onlyOrganization(caller);
  const steps = importEvents({
    ...{ takeIn, caller, organizationId, idempotencyKey: idempotencyKeyOf(request) },
    chunks: bytesOf(request),
  });
  let last: ImportLine = { lines: 0, accepted: 0, duplicates: 0, rejected: 0 };
  try {
    for await (const { rejected, progress } of steps) {
      last = progress;
      await tell(response, [...rejected, progress]);
    }
    await tell(response, [{ ...last, done: true }]);
  } catch (error) {
    // Nobody is there to be told.
    if (response.destroyed) return;
    if (!response.headersSent) throw error;
    const { code, message } = toBillingError(error);
    await tell(response, [{ ...last, done: false, error: { code, detail: message } }]);
  }
  response.end();
}

/** Left as it is when reading ends early: destroying the request would cut off the answer with it. */
async function* bytesOf(request: Request): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes: unknown = chunk;
    if (Buffer.isBuffer(bytes)) yield bytes;
  }
}

/** Resolved when the line is on its way, so that progress that nobody reads does not pile up. */
async function tell(response: Response, lines: readonly ImportLine[]): Promise<void> {
  if (!response.headersSent) response.status(200).type('application/x-ndjson');
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  if (response.write(text)) return;
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      response.off('drain', onDrain).off('close', onClose);
      if (error) reject(error);
      else resolve();
    };
    const onDrain = () => settle();
    const onClose = () => settle(new Error('the importing connection closed'));
    const timer = setTimeout(() => response.destroy(), unreadPatienceMs);
    response.on('drain', onDrain).on('close', onClose);
  });
}
