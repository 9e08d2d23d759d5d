import { z } from 'zod';
import { type ApiRequest, readJson } from '../http/answer.ts';
import { type Detail, PolarFailure } from './errors.ts';

type Issue = z.core.$ZodIssue;

const SCALAR = {
  string: 'string',
  number: 'integer',
  int: 'integer',
  boolean: 'boolean',
  array: 'list',
  object: 'dictionary',
  record: 'dictionary',
} as const;
const TYPE = {
  string: 'string_type',
  number: 'int_type',
  int: 'int_type',
  boolean: 'bool_type',
  array: 'list_type',
  object: 'dict_type',
  record: 'dict_type',
} as const;

export const UNSUPPORTED_COUNTRIES = ['CU', 'IR', 'KP', 'RU', 'SY'];

export const metadata = z
  .record(z.string().max(40), z.union([z.string().min(1).max(500), z.number(), z.boolean()]))
  .optional();
export const address = z.object({
  country: z
    .string()
    .length(2)
    .refine((code) => !UNSUPPORTED_COUNTRIES.includes(code), 'Input should be a country the seller can sell to'),
  line1: z.string().nullish(),
  line2: z.string().nullish(),
  postal_code: z.string().nullish(),
  city: z.string().nullish(),
  state: z.string().nullish(),
});
/** Forbidden with an organization token, which already names the organization. */
export const organizationId = z
  .never('Setting organization_id is disallowed when using an organization token.')
  .optional();

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function detailOf(issue: Issue, input: unknown): Detail[] {
  if (issue.code === 'invalid_union') {
    const nested = issue.errors[0] ?? [];
    return nested.flatMap((inner) => detailOf({ ...inner, path: [...issue.path, ...inner.path] }, input));
  }
  const loc = ['body', ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  const value = at(input, issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      type: 'extra_forbidden',
      loc: [...loc, key],
      msg: 'Extra inputs are not permitted',
      input: at(value, [key]),
    }));
  }
  if (issue.path.at(-1) === 'organization_id')
    return [{ type: 'organization_token', loc, msg: issue.message, input: value }];
  if (value === undefined)
    return [{ type: 'missing', loc, msg: 'Field required', input: at(input, issue.path.slice(0, -1)) }];
  if (issue.code === 'invalid_type' && issue.expected in TYPE) {
    const expected = issue.expected as keyof typeof TYPE;
    return [{ type: TYPE[expected], loc, msg: `Input should be a valid ${SCALAR[expected]}`, input: value }];
  }
  if (issue.code === 'too_small')
    return [
      {
        type:
          issue.origin === 'string'
            ? 'string_too_short'
            : issue.origin === 'array'
              ? 'too_short'
              : 'greater_than_equal',
        loc,
        msg: issue.message,
        input: value,
      },
    ];
  if (issue.code === 'too_big')
    return [
      {
        type: issue.origin === 'string' ? 'string_too_long' : 'less_than_equal',
        loc,
        msg: issue.message,
        input: value,
      },
    ];
  if (issue.code === 'invalid_value')
    return [
      {
        type: issue.values.length > 1 ? 'enum' : 'literal_error',
        loc,
        msg: `Input should be ${issue.values.map((item) => `'${String(item)}'`).join(', ')}`,
        input: value,
      },
    ];
  if (issue.code === 'invalid_format' && issue.format === 'uuid')
    return [{ type: 'uuid_parsing', loc, msg: 'Input should be a valid UUID', input: value }];
  return [{ type: 'value_error', loc, msg: `Value error, ${issue.message}`, input: value }];
}

export function bodyOf(request: ApiRequest): unknown {
  try {
    return readJson(request.rawBody);
  } catch {
    throw new PolarFailure(422, {
      error: 'RequestValidationError',
      detail: [{ type: 'json_invalid', loc: ['body', 0], msg: 'JSON decode error', input: {} }],
    });
  }
}

/** Parses a body; failures answer as FastAPI does. */
export function parse<T extends z.ZodType>(schema: T, request: ApiRequest): z.output<T> {
  const body = bodyOf(request);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new PolarFailure(422, {
    error: 'RequestValidationError',
    detail: result.error.issues.flatMap((issue) => detailOf(issue, body)),
  });
}
