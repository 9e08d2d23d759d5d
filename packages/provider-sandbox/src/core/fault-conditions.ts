import { z } from 'zod';

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

/** Which of the requests (or events) a fault is for; everything given has to hold. */
export const faultConditions = z.strictObject({
  /** A regular expression found in the request's path, or in the receiver's address for the webhook kinds. */
  path: z.string().refine(isPattern, 'no regular expression').optional(),
  /** Dotted paths into the JSON or form body (the event, for the webhook kinds) and the value each must have. */
  body: z.record(z.string().min(1), scalar).optional(),
  account: z.string().min(1).optional(),
  /** Only the nth request that fits everything else, counted from 1; the fault is over then. */
  nth: z.int().min(1).optional(),
});

export type FaultConditions = z.output<typeof faultConditions>;

/** What a request or an event shows to the conditions. */
export interface FaultSubject {
  account: string;
  path: string;
  /** The value at a dotted path of the body; undefined where there is none. */
  field(path: string): unknown;
}

function valueIn(json: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    return (value as Record<string, unknown>)[key];
  }, json);
}

/** Reads a body once, when first asked: JSON by its structure, a form by `a[b][0]` as `a.b.0`. */
export function fieldReader(contentType: string, body: string): FaultSubject['field'] {
  let read: FaultSubject['field'] | null = null;
  const open = (): FaultSubject['field'] => {
    if (contentType.includes('x-www-form-urlencoded')) {
      const fields = new Map(
        [...new URLSearchParams(body)].map(([key, value]) => [
          key.replaceAll(/\[([^\]]*)\]/g, (_bracket, inner: string) => `.${inner}`),
          value,
        ]),
      );
      return (path) => fields.get(path);
    }
    try {
      const json: unknown = JSON.parse(body);
      return (path) => valueIn(json, path);
    } catch {
      return () => undefined;
    }
  };
  return (path) => (read ??= open())(path);
}

/** Forms carry text only, so scalars are compared as text; null also stands for a field that is not there. */
function isSame(found: unknown, wanted: z.output<typeof scalar>): boolean {
  if (wanted === null) return found === null || found === undefined;
  return ['string', 'number', 'boolean'].includes(typeof found) && String(found) === String(wanted);
}

/** Everything but `nth`, which the fault counts itself. */
export function fits(when: FaultConditions | null, subject: FaultSubject): boolean {
  if (when === null) return true;
  if (when.account !== undefined && when.account !== subject.account) return false;
  if (when.path !== undefined && !new RegExp(when.path).test(subject.path)) return false;
  return Object.entries(when.body ?? {}).every(([path, wanted]) => isSame(subject.field(path), wanted));
}
