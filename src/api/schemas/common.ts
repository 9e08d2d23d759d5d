import { z } from 'zod';
import { normalizeCountry } from '../../domain/routing/country.ts';

export const organizationId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A–Z, a–z, 0–9, _ and -')
  .meta({ description: "The app's own id of who buys.", example: 'org_123' });

export const country = z
  .string()
  .refine((code) => normalizeCountry(code) !== null, 'must be an ISO 3166-1 alpha-2 code')
  .transform((code) => code.trim().toUpperCase())
  .meta({ description: 'ISO 3166-1 alpha-2.', example: 'MX' });

export const currency = z
  .string()
  .regex(/^[A-Za-z]{3}$/, 'must be an ISO 4217 code')
  .transform((code) => code.toUpperCase())
  .meta({ description: 'ISO 4217.', example: 'MXN' });

export const email = z.email('must be an e-mail address').max(254);
export const shortText = z.string().trim().min(1).max(255);
export const phone = z.string().regex(/^\+?[0-9][0-9 ().-]{5,24}$/, 'must be a phone number');
export const metadata = z
  .record(z.string().min(1).max(100), z.string().max(500))
  .refine((entries) => Object.keys(entries).length <= 50, 'must have at most 50 keys');

export const timestamp = z.iso.datetime({ offset: true });
/** In answers. */
export const time = z.string().meta({ format: 'date-time' });
export const nullableTime = time.nullable();

export const money = z
  .object({
    amount_minor: z.int().meta({ description: "In the currency's minor unit.", example: 49900 }),
    currency: z.string().meta({ example: 'MXN' }),
  })
  .meta({ id: 'Money' });

/** How cash or a transfer is paid in. */
export const voucher = z
  .object({
    kind: z.enum(['oxxo', 'cash', 'spei']),
    reference: z.string().nullable(),
    clabe: z.string().nullable(),
    barcode_url: z.string().nullable(),
    expires_at: time,
  })
  .meta({ id: 'Voucher' });

/** What has happened to it, newest last. */
export const timeline = z.array(z.object({ at: time, what: z.string(), detail: z.string().nullable() }));

export const billingInterval = z.enum(['monthly', 'yearly']);

/** `?limit=&cursor=` of every list. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(500).optional(),
};

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), next_cursor: z.string().nullable() });
}

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    fix: z.string().meta({ description: 'What to do about it; the same for every refusal of this code.' }),
    instance: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. Every code has a page under /docs/errors/{code}.' });
