import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A key that may be absent; blank counts as absent, as `KEY=` in a dotenv file means. */
export const text = z
  .string()
  .optional()
  .transform((value) => (value === undefined || value.trim() === '' ? undefined : value.trim()));

export const flag = text.pipe(z.stringbool({ error: 'must be true or false' }).optional());

/** An http(s) URL without a trailing slash; a path prefix is kept. */
export const baseUrl = text.pipe(
  z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
    .transform((value) => value.replace(/\/+$/, ''))
    .optional(),
);

export function isAnySet(env: Environment, keys: readonly string[]): boolean {
  return keys.some((key) => (env[key] ?? '').trim() !== '');
}

/** The newest secret first, the one of a rotation after it. */
export function secretsOf(...secrets: readonly (string | undefined)[]): readonly string[] {
  return secrets.filter((secret) => secret !== undefined);
}
