import { z } from 'zod';
import type { ApiRequest } from '../http/answer.ts';
import { type StripeFailure, invalid } from './errors.ts';
import { type Form, decodeForm } from './form.ts';

export const text = z.string();
export const integer = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number);
export const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?$/)
  .transform(Number);
export const bool = z.enum(['true', 'false']).transform((value) => value === 'true');
export const metadata = z.union([z.literal(''), z.record(z.string(), z.string().max(500))]);
export const ignored = z.unknown();
export const expand = z.array(z.string()).optional();
export const addressParam = z.union([z.literal(''), z.record(z.string(), z.string())]);
/** Parameters that are known and accepted without effect here. */
export const opaque = (names: string): Record<string, z.ZodOptional<z.ZodUnknown>> =>
  Object.fromEntries(names.split(' ').map((name) => [name, ignored.optional()]));
/** A timestamp, or a range of them, for list filters. */
export const range = z.union([
  integer,
  z.object({ gt: integer.optional(), gte: integer.optional(), lt: integer.optional(), lte: integer.optional() }),
]);
export const page = {
  limit: integer.optional(),
  starting_after: text.optional(),
  ending_before: text.optional(),
  expand,
};

export function formOf(request: ApiRequest): Form {
  const pairs = new URLSearchParams(request.query);
  if (request.method === 'POST') {
    for (const [key, value] of new URLSearchParams(request.rawBody.toString('utf8'))) pairs.append(key, value);
  }
  return decodeForm(pairs);
}

const bracketed = (path: readonly PropertyKey[]): string =>
  path.map((part, at) => (at === 0 ? String(part) : `[${String(part)}]`)).join('');

type Issue = z.core.$ZodIssue;

/** A union fails with one list per branch; the branch that got deepest says what the person meant. */
function deepest(issue: Issue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  const nested = issue.errors.flat().map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  const sorted = nested.sort((left, right) => right.path.length - left.path.length);
  const first = sorted[0];
  return first ? deepest(first) : issue;
}

function describe(issues: readonly Issue[]): StripeFailure {
  const unknown = issues.map(deepest).find((issue) => issue.code === 'unrecognized_keys');
  if (unknown?.code === 'unrecognized_keys') {
    const param = bracketed([...unknown.path, unknown.keys[0] ?? '']);
    return invalid(`Received unknown parameter: ${param}`, { code: 'parameter_unknown', param });
  }
  const issue = deepest(issues[0] as Issue);
  const param = bracketed(issue.path);
  if (issue.code === 'invalid_type' && issue.message.includes('received undefined')) {
    return invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
  }
  if (issue.code === 'invalid_format') {
    return invalid(`Invalid integer: ${param}`, { code: 'parameter_invalid_integer', param });
  }
  if (issue.code === 'invalid_value') {
    return invalid(`Invalid ${param}: must be one of ${issue.values.map(String).join(', ')}`, { param });
  }
  return invalid(`Invalid ${param}: ${issue.message}`, { param });
}

/** Parses a request's parameters; what the schema does not name is refused, as Stripe refuses it. */
export function parse<T extends z.ZodType>(schema: T, input: unknown): z.output<T> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw describe(result.error.issues);
}

/** Removed in 2026-09-30.endive: it used to choose the methods shown. */
export function refusePaymentMethodTypes(form: Form): void {
  if (!('payment_method_types' in form)) return;
  throw invalid(
    'The `payment_method_types` parameter is no longer supported. Use `allowed_payment_method_types` or `excluded_payment_method_types` instead.',
    { code: 'payment_method_types_no_longer_supported', param: 'payment_method_types' },
  );
}

export function mergeMetadata(
  before: Record<string, string>,
  change: '' | Record<string, string> | undefined,
): Record<string, string> {
  if (change === undefined) return before;
  if (change === '') return {};
  const merged = { ...before, ...change };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}
