import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

// Faults are refinements throughout: zod stops an object's own checks after a failed transform, and all faults are
// to be told at once.

/** A key that may be absent; blank counts as absent, as `KEY=` in a dotenv file means. */
export const text = z
  .string()
  .optional()
  .transform((value) => (value === undefined || value.trim() === '' ? undefined : value.trim()));

const ON = new Set(['true', '1', 'yes', 'on']);
const OFF = new Set(['false', '0', 'no', 'off']);

/** A switch, still as text: read it with `isOn`. */
export const flag = text.refine((value) => value === undefined || isOn(value) !== undefined, {
  error: 'must be true or false',
});

export function isOn(value: string | undefined): boolean | undefined {
  const word = value?.toLowerCase() ?? '';
  if (ON.has(word)) return true;
  return OFF.has(word) ? false : undefined;
}

/** An http(s) URL without a trailing slash; a path prefix is kept. */
export const baseUrl = text
  .transform((value) => value?.replace(/\/+$/, ''))
  .refine((value) => value === undefined || (/^https?:\/\//.test(value) && URL.canParse(value)), {
    error: 'must be an http or https URL',
  });

export function isAnySet(env: Environment, keys: readonly string[]): boolean {
  return keys.some((key) => (env[key] ?? '').trim() !== '');
}

/** The newest secret first, the one of a rotation after it. */
export function secretsOf(...secrets: readonly (string | undefined)[]): readonly string[] {
  return secrets.filter((secret) => secret !== undefined);
}
