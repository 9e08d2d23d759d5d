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
  type CountrySource,
  type EvidencePiece,
} from '../../domain/routing/country.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { refusal } from '../error-codes.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';
import { cdnCountry } from './cdn-country.ts';

interface EvidenceInput {
  readonly request: Request;
  readonly body: Pick<CreateCheckoutBody, 'billing_address' | 'country'>;
  readonly organization: Pick<Organization, 'country'>;
}

/** The best evidence of the buyer's country; unknown is a legal answer. */
export async function findCountry(
  deps: Pick<ApiDeps, 'geo' | 'settings'>,
  input: EvidenceInput,
): Promise<CountryEvidence> {
  return chooseCountry(await gatherEvidence(deps, input));
}

/**
 * What every source said, best first, whether or not it named a country. Takes at most 0.8 s, and that only where foreign
 * services are switched on and nothing else knows. The buyer's address goes no further.
 */
export async function gatherEvidence(
  deps: Pick<ApiDeps, 'geo' | 'settings'>,
  { body, organization, request }: EvidenceInput,
): Promise<readonly EvidencePiece[]> {
  const told = [
    stated('billing_address', body.billing_address?.country),
    stated('request', body.country),
    stated('profile', organization.country),
    cdnCountry(request, deps.settings),
  ];
  const mayAsk = chooseCountry(told).country === null;
  return [...told, ...(await deps.geo.findCountry(request.ip, { mayAsk }))];
}

function stated(source: CountrySource, raw: string | null | undefined): EvidencePiece {
  const country = normalizeCountry(raw);
  const note = country !== null ? null : (raw ?? null) === null ? 'not given' : 'names no country';
  return { country, source, note };
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
