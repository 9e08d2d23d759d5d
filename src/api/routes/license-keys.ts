import { Router } from 'express';
import { pathParam, refuseMethod, sendAnswer } from '../answer.ts';
import { authorize, callerOf, type Need } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import { runIdempotent, type Answer } from '../idempotency.ts';
import { activateOwnKey, deactivateOwnKey, findOwnKey, validateOwnKey } from '../license-keys/own-keys.ts';
import { activateAtProvider, listIssuers, validateAtProvider } from '../license-keys/provider-keys.ts';
import { limitLicenseGuesses } from '../rate-limits.ts';
import { activateLicenseBody, deactivateLicenseBody, validateLicenseBody } from '../schemas/license-key.ts';
import { parseInput } from '../schemas/parse.ts';
import type { Caller } from '../caller.ts';
import type { Db } from '../../db/orm.ts';

/** Who has the license key may use it: an app in the field has no more than that and a publishable key. */
const use: Need = { scope: 'billing:read', permission: 'read', openToPublishable: true };

interface Call {
  readonly em: Db;
  readonly caller: Caller;
  readonly body: unknown;
  /** For what is made. */
  readonly id: string;
}

export function createLicenseKeyRoutes(deps: ApiDeps): Router {
  const router = Router();
  const acts: Readonly<Record<string, (call: Call) => Promise<Answer>>> = { validate, activate, deactivate };
  router.use('/billing/license-keys', limitLicenseGuesses(120));
  router
    .route('/billing/license-keys/:act')
    .post(async (request, response) => {
      const act = acts[pathParam(request, 'act')];
      if (!act) throw refusal('not_found', 'No such route.');
      const caller = callerOf(request);
      authorize(caller, use);
      const em = deps.orm.em.fork();
      const body: unknown = request.body ?? {};
      const answer = await runIdempotent({
        ...{ em, caller, request, body, publicUrl: deps.settings.publicUrl, prefix: 'act' },
        handle: (id) => act({ em, caller, body, id }),
      });
      sendAnswer(request, response, answer);
    })
    .all(refuseMethod('POST'));
  return router;

  async function validate({ em, caller, body: sent }: Call): Promise<Answer> {
    const body = parseInput(validateLicenseBody, sent);
    const own = await findOwnKey(em, caller, body.key);
    const answer = own
      ? await validateOwnKey(em, caller, own, body)
      : await validateAtProvider(await listIssuers(deps, em, caller), body);
    if (!answer) throw unknownKey();
    return { status: 200, body: answer };
  }

  async function activate({ em, caller, body: sent, id }: Call): Promise<Answer> {
    const body = parseInput(activateLicenseBody, sent);
    const own = await findOwnKey(em, caller, body.key);
    const answer = own
      ? await activateOwnKey(em, caller, own, { ...body, activationId: id })
      : await activateAtProvider(await listIssuers(deps, em, caller), body);
    if (!answer) throw unknownKey();
    return { status: 201, body: answer };
  }

  /** Whoever issued the key forgets the activation; that nobody knows it is as good. */
  async function deactivate({ em, caller, body: sent }: Call): Promise<Answer> {
    const { key, activation_id: activationId } = parseInput(deactivateLicenseBody, sent);
    const own = await findOwnKey(em, caller, key);
    if (own) await deactivateOwnKey(em, caller, own, activationId);
    else {
      const issuers = await listIssuers(deps, em, caller);
      if (issuers.length === 0) throw unknownKey();
      for (const issuer of issuers) await issuer.deactivate({ key, activationId });
    }
    return { status: 200, body: { activation_id: activationId, status: 'deactivated' } };
  }
}

function unknownKey() {
  return refusal('license_key_not_valid', 'No license key of this project looks like that.');
}
