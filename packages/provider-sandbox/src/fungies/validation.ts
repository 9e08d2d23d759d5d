import { z } from 'zod';
import { type ApiRequest, readJson } from '../http/answer.ts';
import { invalid } from './errors.ts';

function bodyOf(request: ApiRequest): unknown {
  try {
    return readJson(request.rawBody);
  } catch {
    throw invalid('Malformed JSON');
  }
}

/** Parses a body. Unknown keys are dropped in silence, as the real API does: misspelled ones leave the defaults. */
export function parse<T extends z.ZodType>(schema: T, request: ApiRequest): z.output<T> {
  const result = schema.safeParse(bodyOf(request));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(issue ? `${issue.path.join('.') || 'body'}: ${issue.message}` : 'Invalid body');
}

/** Products, offers and discounts want their id in the body of a PATCH too. */
export function requireBodyId(body: { id: string }, request: ApiRequest): void {
  if (body.id !== request.params['id']) throw invalid('id: must equal the id in the path');
}

export const customFieldList = z.array(z.object({ id: z.string(), value: z.string() }));

export function toCustomFields(list: z.output<typeof customFieldList> | undefined): Record<string, string> {
  return Object.fromEntries((list ?? []).map(({ id, value }) => [id, value]));
}
