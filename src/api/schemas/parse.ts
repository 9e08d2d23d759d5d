import { z } from 'zod';
import type { FieldFault } from '../../domain/errors.ts';
import { refusal } from '../error-codes.ts';

/**
 * Reads a body or query with its schema; unknown fields are refused by name.
 *
 * @throws {BillingError} `validation_failed` with every fault; none quotes a value.
 */
export function parseInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap(toFaults);
  const names = faults.map((fault) => fault.pointer || 'the body').join(', ');
  throw refusal('validation_failed', `Not right: ${names}.`, { faults });
}

function toFaults(issue: z.core.$ZodIssue): readonly FieldFault[] {
  const pointer = toPointer(issue.path);
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      pointer: toPointer([...issue.path, key.slice(0, 64)]),
      code: 'unknown_field',
      detail: 'There is no such field.',
    }));
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return [{ pointer, code: 'required', detail: 'Is required.' }];
  if (issue.code === 'invalid_value')
    return [{ pointer, code: 'invalid_value', detail: `Must be one of: ${issue.values.map(String).join(', ')}.` }];
  return [{ pointer, code: issue.code, detail: sentence(issue.message) }];
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A fault as zod words it, the way people read it. */
export function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
