import type { Request } from 'express';
import type { Organization } from '../../db/entities/organization.ts';
import type { Db } from '../../db/orm.ts';
import { recordAudit } from '../../db/queries/audit.ts';
import {
  chooseCountry,
  findBlock,
  normalizeCountry,
  type BlockedCountry,
  type CountryEvidence,
} from '../../domain/routing/country.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';

export interface EvidenceInput {
  readonly request: Request;
  readonly body: Pick<CreateCheckoutBody, 'billing_address' | 'country'>;
  readonly organization: Pick<Organization, 'country'>;
}

/** The best evidence of the buyer's country; unknown is a legal answer. The address itself goes no further. */
export function findCountry(deps: Pick<ApiDeps, 'geo' | 'settings'>, input: EvidenceInput): CountryEvidence {
  return chooseCountry(gatherEvidence(deps, input));
}

/** What every source says, best first. */
export function gatherEvidence(
  deps: Pick<ApiDeps, 'geo' | 'settings'>,
  { body, organization, request }: EvidenceInput,
): readonly CountryEvidence[] {
  return [
    { country: normalizeCountry(body.billing_address?.country), source: 'billing_address' },
    { country: normalizeCountry(body.country), source: 'request' },
    { country: normalizeCountry(organization.country), source: 'profile' },
    { country: cdnCountry(request, deps.settings.cdnCountryHeader), source: 'cdn_header' },
    { country: deps.geo.country(request.ip), source: 'ip' },
  ];
}

/** The entry that forbids selling to this buyer, if there is one. */
export async function blockOf(
  deps: Pick<ApiDeps, 'rules'>,
  input: {
    readonly caller: Caller;
    readonly evidence: CountryEvidence;
    readonly body: Pick<CreateCheckoutBody, 'billing_address'>;
  },
): Promise<BlockedCountry | null> {
  const { body, caller, evidence } = input;
  const address = body.billing_address;
  const region = address?.country === evidence.country ? address.state : null;
  return findBlock((await deps.rules.of(caller)).blockedCountries, evidence.country, region);
}

/**
 * Refuses a buyer in a blocked country or region, and leaves a trace of it. No provider hears of them.
 *
 * @throws {BillingError} `country_blocked`
 */
export async function refuseBlocked(
  em: Db,
  deps: Pick<ApiDeps, 'rules'>,
  input: {
    readonly caller: Caller;
    readonly organizationId: string;
    readonly evidence: CountryEvidence;
    readonly body: Pick<CreateCheckoutBody, 'billing_address'>;
  },
): Promise<void> {
  const { caller, evidence } = input;
  const block = await blockOf(deps, input);
  if (block === null) return;
  const tx = em.fork();
  recordAudit(tx, {
    projectId: caller.projectId,
    live: caller.live,
    actor: caller.actor,
    action: 'checkout.refused',
    entityKind: 'organization',
    entityId: input.organizationId,
    detail: `country_blocked: ${block.country} by ${evidence.source}. ${block.reason}`,
  });
  await tx.flush();
  throw blockedRefusal(block);
}

export function blockedRefusal({ country }: BlockedCountry) {
  return refusal('country_blocked', `Sales to ${country} are blocked.`, { details: { country } });
}

/** Believed only when the peer that connected to us is a trusted proxy. */
function cdnCountry(request: Request, header: string | null): string | null {
  if (header === null) return null;
  return isFromProxy(request) ? normalizeCountry(request.get(header)) : null;
}

/** Express compiles `trust proxy` into this function, and types it as anything. */
function isFromProxy(request: Request): boolean {
  const trusts: unknown = request.app.get('trust proxy fn');
  return typeof trusts === 'function' && Reflect.apply(trusts, undefined, [request.socket.remoteAddress, 0]) === true;
}
