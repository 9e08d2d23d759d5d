import express, { Router, type Request, type Response } from 'express';
import { findProject } from '../../db/queries/projects.ts';
import { BillingError } from '../../domain/errors.ts';
import type { ProviderAccount, ProviderWebhook, WebhookFact, WebhookInput } from '../../providers/port.ts';
import { pathParam, refuseMethod } from '../answer.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { createRateWindow } from '../rate-window.ts';
import { createTtlCache } from '../ttl-cache.ts';

const maxBodyBytes = 1024 * 1024;
const defaultProject = 'default';

/** The accounts whose secrets signed the bytes. */
type Verified = readonly [ProviderAccount, ...ProviderAccount[]];

/**
 * `POST /webhooks/{provider}/{project}`, and the provider-named alias. The hottest path: raw bytes, one statement, no
 * other middleware before it. Nothing is stored unless a live secret signed these very bytes.
 */
export function createWebhookRoutes(deps: ApiDeps): Router {
  const router = Router();
  const raw = express.raw({ type: () => true, limit: maxBodyBytes });
  const receive = createReceive(deps);
  router
    .route('/webhooks/:provider{/:project}')
    .post(raw, (request, response) => receive(request, response, pathParam(request, 'provider')))
    .all(refuseMethod('POST'));
  for (const id of deps.providers.ids())
    router
      .route(`/${id}/webhooks`)
      .post(raw, (request, response) => receive(request, response, id))
      .all(refuseMethod('POST'));
  return router;
}

function createReceive(deps: ApiDeps) {
  const projects = createTtlCache<boolean>({ ttlMs: 30_000, maxEntries: 10_000 });
  const window = createRateWindow({ limit: 2_000, windowMs: 1_000 });

  return async (request: Request, response: Response, provider: string): Promise<void> => {
    const webhook = deps.providers.webhook(provider);
    const projectId = pathParam(request, 'project') || defaultProject;
    const isKnown =
      webhook !== null &&
      (await projects.get(projectId, async () => (await findProject(deps.orm.em.fork(), projectId)) !== null));
    if (!isKnown) throw refusal('webhook_unknown', 'This provider or project is unknown.');
    if (!window.take(`${provider}/${projectId}`))
      throw refusal('rate_limited', 'Too many webhooks at once.', { retryAfterMs: 1_000 });
    try {
      const input = toInput(request);
      const verified = await verifiedAccounts(deps, projectId, provider, webhook, input);
      const status = await store(deps, { projectId, provider, verified, fact: parse(webhook, input), input });
      deps.metrics.webhooks.inc({ provider, result: status });
      response.status(200).json({ status });
    } catch (error) {
      deps.metrics.webhooks.inc({ provider, result: error instanceof BillingError ? error.code : 'failed' });
      throw error;
    }
  };
}

async function store(
  deps: ApiDeps,
  message: {
    readonly projectId: string;
    readonly provider: string;
    readonly verified: Verified;
    readonly fact: WebhookFact;
    readonly input: WebhookInput;
  },
): Promise<'accepted' | 'already_processed' | 'ignored'> {
  const { fact, verified } = message;
  // The account whose secret signed it tells the mode; where the message tells one, both must agree: a rehearsal sent to
  // a live endpoint moves nothing.
  const account = verified.find((candidate) => fact.live === null || candidate.live === fact.live);
  if (!account) {
    deps.logger.warn(
      { provider: message.provider, project: message.projectId },
      'a webhook of the other mode is ignored',
    );
    return 'ignored';
  }
  const isNew = await deps.inbox.store({
    projectId: message.projectId,
    provider: message.provider,
    live: account.live,
    fact,
    body: deps.keyRing?.encrypt(message.input.rawBody) ?? null,
  });
  if (!isNew) return 'already_processed';
  if (!fact.isDecisive) return 'ignored';
  deps.inbox.wake();
  return 'accepted';
}

/** @throws {BillingError} `signature_invalid` */
async function verifiedAccounts(
  deps: ApiDeps,
  projectId: string,
  provider: string,
  webhook: ProviderWebhook,
  input: WebhookInput,
): Promise<Verified> {
  const nowMs = Date.now();
  const accounts = await deps.providers.accounts(projectId, provider);
  const [first, ...others] = accounts.filter((account) =>
    webhook.verify({ ...input, secrets: account.webhookSecrets, nowMs }),
  );
  if (first) return [first, ...others];
  deps.logger.warn({ provider, project: projectId }, 'a webhook without a valid signature was refused');
  throw refusal('signature_invalid', 'No live secret signed these bytes within the replay window.');
}

/** @throws {BillingError} `webhook_malformed` */
function parse(webhook: ProviderWebhook, input: WebhookInput): WebhookFact {
  try {
    return webhook.parse(input);
  } catch (cause) {
    throw refusal('webhook_malformed', 'The message is not in the form the provider documents.', { cause });
  }
}

function toInput(request: Request): WebhookInput {
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : value;
  const body: unknown = request.body;
  return { rawBody: Buffer.isBuffer(body) ? body : Buffer.alloc(0), headers };
}
