import { z } from 'zod';
import { BillingError } from '../domain/errors.ts';
import { reactions, stopRefusals, type ErrorMap, type MappedFault } from '../domain/routing/reaction.ts';
import { OutcomeUnknownError } from './failures.ts';
import type { UnknownOutcome } from './port.ts';

const entrySchema = z
  .strictObject({
    code: z.string().min(1).optional(),
    status: z.union([z.int().min(200).max(599), z.enum(['4xx', '5xx'])]).optional(),
    param: z.string().min(1).optional(),
    reaction: z.enum(reactions),
    refusal: z.enum(stopRefusals).optional(),
    because: z.string().min(1),
    source: z.string().min(1),
  })
  .refine((entry) => entry.code ?? entry.status ?? entry.param, 'names no code, status or param')
  .refine((entry) => entry.refusal === undefined || entry.reaction === 'stop', 'a refusal goes with stop only');

const mapSchema = z
  .strictObject({ repeats_by_key: z.boolean(), errors: z.array(entrySchema) })
  .superRefine(({ errors }, context) => {
    const seen = new Set<string>();
    for (const [index, { code, status, param }] of errors.entries()) {
      const key = JSON.stringify([code, status, param]);
      if (seen.has(key)) context.addIssue({ code: 'custom', path: ['errors', index], message: 'stands there before' });
      seen.add(key);
    }
  });

/** Checks a provider's `error-map.json` when its module is loaded. @throws what is wrong with it, by its path. */
export function defineErrorMap(provider: string, document: unknown): ErrorMap {
  const parsed = mapSchema.safeParse(document);
  if (!parsed.success) throw new Error(`${provider}/error-map.json: ${z.prettifyError(parsed.error)}`);
  return { repeatsByKey: parsed.data.repeats_by_key, errors: parsed.data.errors };
}

/** What a map is asked of an error that an adapter threw, or of its unknown outcome. */
export function faultOf(failure: BillingError | UnknownOutcome): MappedFault {
  if (!(failure instanceof BillingError))
    return { kind: 'unknown', code: null, providerCode: failure.providerCode, status: null, param: null };
  const { provider_code: providerCode, status, param } = failure.details;
  return {
    kind: failure instanceof OutcomeUnknownError ? 'unknown' : failure.kind,
    code: failure.code,
    providerCode: typeof providerCode === 'string' ? providerCode : null,
    status: typeof status === 'number' ? status : null,
    param: typeof param === 'string' ? param : null,
  };
}
