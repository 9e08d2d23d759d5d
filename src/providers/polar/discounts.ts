import { z } from 'zod';
import { discountCodeTaken } from '../failures.ts';
import type { Budget } from '../http.ts';
import type { JsonApi } from '../json-api.ts';
import type { DiscountInput, DiscountOperations, DiscountTruth } from '../port-catalog.ts';
import { PolarValidationError } from './errors.ts';
import { isSameDiscount, mapDiscount } from './map-catalog.ts';
import { mapPage, readAll, readPage } from './paging.ts';
import { polarDiscount, type PolarDiscount } from './wire.ts';

export function createPolarDiscounts(api: JsonApi): DiscountOperations {
  return {
    async ensure(input) {
      const known = await findDiscount(api, input.code);
      if (known) return sameOrTaken(known, input);
      try {
        return mapDiscount(await createDiscount(api, input), Date.now());
      } catch (error) {
        if (!isCodeRefused(error)) throw error;
        // Made meanwhile, or a search that reads names only, as its documentation has it.
        const taken = withCode(await discountsLike(api, {}), input.code);
        if (!taken) throw error;
        return sameOrTaken(taken, input);
      }
    },
    async find(code) {
      const found = await findDiscount(api, code);
      return found && mapDiscount(found, Date.now());
    },
    async list(query) {
      const page = await readPage(
        api,
        { operation: 'discounts.list', path: '/v1/discounts/', query: { sorting: '-created_at' }, item: polarDiscount },
        query,
      );
      return mapPage(page, (discount) => mapDiscount(discount, Date.now()));
    },
    /** Polar's deletion is soft: the code is free again, and subscriptions that redeemed it keep it. */
    async archive({ providerDiscountId }) {
      await api.find({
        operation: 'discounts.remove',
        method: 'DELETE',
        path: `/v1/discounts/${encodeURIComponent(providerDiscountId)}`,
        reply: z.unknown(),
      });
    },
  };
}

/** Codes are one regardless of case. `query` is documented for names, and finds codes too (Polar's source, 2026). */
export async function findDiscount(api: JsonApi, code: string, budget?: Budget): Promise<PolarDiscount | null> {
  return withCode(await discountsLike(api, { query: code }, budget), code);
}

function discountsLike(
  api: JsonApi,
  query: { readonly query?: string },
  budget?: Budget,
): Promise<readonly PolarDiscount[]> {
  return readAll(api, {
    operation: 'discounts.list',
    path: '/v1/discounts/',
    query,
    item: polarDiscount,
    ...(budget && { budget }),
  });
}

function withCode(discounts: readonly PolarDiscount[], code: string): PolarDiscount | null {
  return discounts.find((item) => item.code?.toLowerCase() === code.toLowerCase()) ?? null;
}

function createDiscount(api: JsonApi, input: DiscountInput): Promise<PolarDiscount> {
  return api.call({
    operation: 'discounts.create',
    method: 'POST',
    path: '/v1/discounts/',
    body: bodyOf(input),
    reply: polarDiscount,
  });
}

/** @throws {BillingError} `discount_code_taken` (conflict). */
function sameOrTaken(known: PolarDiscount, input: DiscountInput): DiscountTruth {
  const truth = mapDiscount(known, Date.now());
  if (isSameDiscount(truth, input)) return truth;
  throw discountCodeTaken('polar', known.id);
}

/** A code that is taken and one that is malformed are refused alike. */
function isCodeRefused(error: unknown): boolean {
  return (
    error instanceof PolarValidationError && error.faultsByLocation.some(({ location }) => location.at(-1) === 'code')
  );
}

function bodyOf(input: DiscountInput): Record<string, unknown> {
  const { off, duration } = input;
  return {
    name: input.name,
    code: input.code,
    ...('basisPoints' in off
      ? { type: 'percentage', basis_points: off.basisPoints }
      : { type: 'fixed', amount: off.amount.amountMinor, currency: off.amount.currency.toLowerCase() }),
    ...(typeof duration === 'string' ? { duration } : { duration: 'repeating', duration_in_months: duration.months }),
    max_redemptions: input.maxRedemptions,
    starts_at: input.startsAt,
    ends_at: input.endsAt,
    ...(input.providerProductIds === null ? {} : { products: input.providerProductIds }),
  };
}
