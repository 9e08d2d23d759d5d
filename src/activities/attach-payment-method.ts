import { PaymentMethodEntity, type PaymentMethod } from '../db/entities/payment-method.ts';
import type { BillingAddress } from '../db/entities/checkout.ts';
import type { Db } from '../db/orm.ts';
import { BillingError } from '../domain/errors.ts';
import { isTooLateToOpen } from '../domain/subscription/opening.ts';
import type { PostalAddress, ProviderClient } from '../providers/port.ts';
import type { MoneyResult, PaymentMethodOperations, PaymentMethodTruth } from '../providers/port-money.ts';
import { callKey } from './call-key.ts';
import type { ActivityDeps } from './deps.ts';
import { ensureProviderCustomer } from './ensure-provider-customer.ts';
import { keepInStep, RowMoved } from './keep-in-step.ts';
import {
  asSettledMethod,
  isRefusedForGood,
  keepActive,
  keepFailed,
  keepWaiting,
  type PaymentMethodRef,
  type SettledPaymentMethod,
} from './keep-payment-method.ts';
import { accountOf } from './provider-account.ts';
import { keepListedMethods, listMethods } from './sync-payment-methods.ts';

type Methods = PaymentMethodOperations & Required<Pick<PaymentMethodOperations, 'attach'>>;

/**
 * Attaches a one-time token to the organization's customer at a provider. Safe to repeat: before the token is sent, all
 * that the provider has is on record, so that after a lost answer whatever is new there is what the token became.
 *
 * @throws {BillingError} `outcome_unknown` and others of kind `unavailable`, `rate_limited`: the same again, later. A
 *   decline or a refusal is no error: the row is `failed` then, and says why. The token is forgotten either way.
 */
export function createAttachPaymentMethod(deps: ActivityDeps) {
  return function attachPaymentMethod({ projectId, live, id }: PaymentMethodRef): Promise<SettledPaymentMethod> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const row = await em.findOneOrFail(PaymentMethodEntity, { id, projectId, live });
      if (row.status !== 'attaching') return asSettledMethod(row);
      const { client } = await accountOf(deps, projectId, live, row.provider);
      const methods = client.paymentMethods;
      if (!canAttach(methods)) return asSettledMethod(await keepFailed(em, row, 'not_supported_by_provider'));
      return asSettledMethod(await (row.providerCustomerId === null ? begin : goOn)({ em, client, methods, row }));
    });
  };
}

interface Attaching {
  readonly em: Db;
  readonly client: ProviderClient;
  readonly methods: Methods;
  readonly row: PaymentMethod;
}

async function begin({ em, client, methods, row }: Attaching): Promise<PaymentMethod> {
  if (isTooLateToOpen(row.createdAt.getTime(), Date.now())) return keepFailed(em, row, 'no_provider_available');
  try {
    const { providerCustomerId } = await ensureProviderCustomer(em, client, row);
    if (providerCustomerId === null) throw new Error(`${row.provider} made no customer for ${row.organizationId}`);
    await keepListedMethods(em, row, providerCustomerId, await listMethods(methods, providerCustomerId));
    const begun = await keepBegun(em, row, providerCustomerId);
    return await send({ em, client, methods, row: begun });
  } catch (error) {
    if (isRefusedForGood(error)) return keepFailed(em, row, error.code, error.details);
    throw error;
  }
}

/** Somebody has sent the token before, and did not hear the answer. */
async function goOn(attaching: Attaching): Promise<PaymentMethod> {
  const { em, row } = attaching;
  const saved = await findNew(attaching);
  return saved ? keepActive(em, row, saved) : send(attaching);
}

async function send(attaching: Attaching): Promise<PaymentMethod> {
  const { em, methods, row } = attaching;
  const { token, providerCustomerId } = row;
  if (token === null || providerCustomerId === null) return keepFailed(em, row, 'token_invalid');
  let result: MoneyResult<PaymentMethodTruth>;
  try {
    result = await methods.attach({
      ...{ providerCustomerId, token, setAsDefault: row.isDefault, returnUrl: row.returnUrl },
      billingAddress: row.billingAddress && postalAddress(row.billingAddress),
      idempotencyKey: callKey({ ...row, operation: 'paymentMethods.attach', businessId: row.id }),
    });
  } catch (error) {
    if (!isRefusedForGood(error)) throw error;
    // A spent token is what a first call leaves behind whose answer was lost.
    const saved = error.code === 'token_invalid' ? await findNew(attaching) : null;
    return saved ? keepActive(em, row, saved) : keepFailed(em, row, error.code, error.details);
  }
  return keepResult(em, row, result);
}

function keepResult(em: Db, row: PaymentMethod, result: MoneyResult<PaymentMethodTruth>): Promise<PaymentMethod> {
  switch (result.outcome) {
    case 'succeeded':
      return keepActive(em, row, result.value);
    case 'pending':
      return keepWaiting(em, row, result.value, result.nextAction);
    case 'declined': {
      const { declineCode, providerCode } = result;
      const detail = { decline_code: declineCode, provider_code: providerCode };
      return keepFailed(em, row, 'payment_declined', detail);
    }
    case 'unknown':
      throw new BillingError({
        code: 'outcome_unknown',
        kind: 'unavailable',
        message: 'Whether the provider has stored it is not known yet: it is asked again.',
        retryAfterMs: 2_000,
      });
  }
}

/** What the customer has there and we do not. */
async function findNew({ em, methods, row }: Attaching): Promise<PaymentMethodTruth | null> {
  const { projectId, live, provider, providerCustomerId } = row;
  if (providerCustomerId === null) return null;
  const listed = await listMethods(methods, providerCustomerId);
  const known = await em.fork().find(PaymentMethodEntity, {
    ...{ projectId, live, provider },
    providerPaymentMethodId: { $in: listed.map(({ providerPaymentMethodId }) => providerPaymentMethodId) },
  });
  const ids = new Set(known.map(({ providerPaymentMethodId }) => providerPaymentMethodId));
  return listed.find(({ providerPaymentMethodId }) => !ids.has(providerPaymentMethodId)) ?? null;
}

/** From here on a repeat looks first. */
function keepBegun(em: Db, read: PaymentMethod, providerCustomerId: string): Promise<PaymentMethod> {
  return em.fork().transactional(async (tx) => {
    const row = await tx.findOneOrFail(PaymentMethodEntity, { id: read.id });
    if (row.version !== read.version) throw new RowMoved();
    return tx.assign(row, { providerCustomerId });
  });
}

function canAttach(methods: PaymentMethodOperations | undefined): methods is Methods {
  return methods?.attach !== undefined;
}

function postalAddress({ postal_code: postalCode, ...rest }: BillingAddress): PostalAddress {
  return { ...rest, postalCode };
}
