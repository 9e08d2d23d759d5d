import { z } from 'zod';
import { type ApiRequest, readJson } from '../http/answer.ts';
import { ConektaFailure, invalid } from './errors.ts';

type Issue = z.core.$ZodIssue;

function describe(issue: Issue): ConektaFailure {
  if (issue.code === 'invalid_union' && issue.errors[0]?.[0]) {
    const inner = issue.errors[0][0];
    return describe({ ...inner, path: [...issue.path, ...inner.path] });
  }
  const path = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const param = [...issue.path.map(String), issue.keys[0] ?? ''].join('.');
    return invalid(
      param,
      'whitelist',
      `The parameter "${param}" is not allowed.`,
      `El parámetro "${param}" no está permitido.`,
    );
  }
  if (issue.code === 'invalid_type' && issue.message.includes('received undefined')) {
    return invalid(path, 'presence', `The parameter "${path}" is required.`, `El parámetro "${path}" es requerido.`);
  }
  return invalid(
    path,
    'format',
    `The parameter "${path}" is invalid: ${issue.message}`,
    `El formato de "${path}" no es válido.`,
  );
}

export function parse<T extends z.ZodType>(schema: T, request: ApiRequest): z.output<T> {
  let body: unknown;
  try {
    body = readJson(request.rawBody);
  } catch {
    throw new ConektaFailure({
      status: 400,
      type: 'malformed_request_error',
      code: 'malformed_request',
      debug: 'The request body is not valid JSON.',
      message: { es: 'La petición no tiene un JSON válido.', en: 'The request body is not valid JSON.' },
    });
  }
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw describe(result.error.issues[0] as Issue);
}
