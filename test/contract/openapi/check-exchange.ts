import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { ValidateFunction } from 'ajv';
import type { Exchange } from '../../../scripts/smoke/record-exchanges.ts';
import { explain, type Compiled, type SchemaFault } from './explain.ts';
import { isObject, objectAt, type JsonObject } from './json.ts';
import type { OfficialDocument, OfficialOperation, OfficialParameter } from './official-document.ts';
import { officialComponents, officialSchema } from './official-schema.ts';

/** One difference between an exchange and the official document. */
export interface Difference extends SchemaFault {
  /** `METHOD /path/{template}`, or the raw path where the document has none. */
  readonly operation: string;
  /** `request` blames the adapter, `response` the simulator; both name the status. */
  readonly side: 'request' | 'response';
  readonly status: number;
}

export interface ExchangeChecker {
  /** @param basePath What the simulator puts before the provider's own paths. */
  check(exchange: Exchange, basePath: string): readonly Difference[];
}

/** @param requiredHeaders What every request must carry beside what the document says (a version header). */
export function createExchangeChecker(
  document: OfficialDocument,
  requiredHeaders: Readonly<Record<string, string>>,
): ExchangeChecker {
  const compiled = compile(document);
  const official = new WeakMap<object, unknown>();
  const schemaFaults = (schema: unknown, value: unknown, pointer: string): readonly SchemaFault[] => {
    if (!isObject(schema)) return [];
    // Compiled by identity: the same object each time.
    const closed = official.get(schema) ?? officialSchema(schema, 'closed');
    official.set(schema, closed);
    return explain(compiled, closed, value, pointer);
  };
  return {
    check(exchange, basePath) {
      const url = new URL(exchange.url);
      const path = url.pathname.startsWith(basePath) ? url.pathname.slice(basePath.length) : url.pathname;
      const operation = document.operation(exchange.method, path);
      const about = { operation: operation?.name ?? `${exchange.method} ${path}`, status: exchange.status };
      if (!operation) return [{ ...about, side: 'request', ...fault('/path', 'path', 'is in no official document') }];
      const request = [
        ...headerFaults(exchange, requiredHeaders, operation),
        ...parameterFaults(operation, url.searchParams, schemaFaults),
        ...requestBodyFaults(operation, exchange, schemaFaults),
      ];
      const response = responseFaults(operation, exchange, schemaFaults);
      return [
        ...request.map((found) => ({ ...about, side: 'request' as const, ...found })),
        ...response.map((found) => ({ ...about, side: 'response' as const, ...found })),
      ];
    },
  };
}

type SchemaCheck = (schema: unknown, value: unknown, pointer: string) => readonly SchemaFault[];

function compile(document: OfficialDocument): Compiled {
  const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true, logger: false });
  addFormats.default(ajv);
  const loaded = new Map<string, JsonObject>();
  for (const variant of ['open', 'closed'] as const) {
    const components = officialComponents(document.schemas, variant);
    loaded.set(variant, components);
    ajv.addSchema(components);
  }
  const validators = new WeakMap<object, ValidateFunction>();
  return {
    validator(schema) {
      const known = validators.get(schema);
      if (known) return known;
      const made = ajv.compile(schema);
      validators.set(schema, made);
      return made;
    },
    resolve(reference) {
      const [variant = '', pointer = ''] = reference.split('#');
      const path = pointer.split('/').slice(1);
      return objectAt(loaded.get(variant), ...path);
    },
  };
}

function headerFaults(
  exchange: Exchange,
  required: Readonly<Record<string, string>>,
  operation: OfficialOperation,
): readonly SchemaFault[] {
  const { requestHeaders, status, responseHeaders } = exchange;
  const wrong = Object.entries(required).flatMap(([name, value]) =>
    requestHeaders[name] === value ? [] : [fault(`/headers/${name}`, 'const', `must be ${value}`)],
  );
  const offered = Object.keys(contentOf(operation, status) ?? {});
  const accept = requestHeaders['accept'] ?? '*/*';
  const given = mediaType(responseHeaders['content-type']);
  const isAccepted = offered.length === 0 || accept.includes('*/*') || offered.includes(accept) || given === accept;
  return isAccepted ? wrong : [...wrong, fault('/headers/accept', 'enum', `accepts none of ${offered.join(', ')}`)];
}

function parameterFaults(
  operation: OfficialOperation,
  query: URLSearchParams,
  check: SchemaCheck,
): readonly SchemaFault[] {
  const declared = operation.parameters.filter((parameter) => parameter.in === 'query');
  const owner = (key: string): OfficialParameter | undefined =>
    declared.find(({ name, isDeepObject }) => key === name || (isDeepObject && key.startsWith(`${name}[`)));
  const undeclared = [...new Set(query.keys())].filter((key) => owner(key) === undefined);
  const path = operation.parameters.filter((parameter) => parameter.in === 'path');
  return [
    ...undeclared.map((key) => fault(`/query/${key}`, 'undeclared', 'is no parameter of this operation')),
    ...declared.flatMap((parameter) => {
      const values = query.getAll(parameter.name);
      if (values.length > 0) return textFaults(parameter, values, check);
      return parameter.required ? [fault(`/query/${parameter.name}`, 'required', 'is required')] : [];
    }),
    ...path.flatMap((parameter) => textFaults(parameter, [operation.pathValues[parameter.name] ?? ''], check)),
  ];
}

/** Text in a URL may be a number, a switch or a list of them: any reading that the schema takes is right. */
function textFaults({ name, in: place, schema }: OfficialParameter, values: readonly string[], check: SchemaCheck) {
  const readings = values.map((value) => {
    if (value === 'true' || value === 'false') return value === 'true';
    return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  });
  const candidates: readonly unknown[] = [...(values.length === 1 ? [readings[0], values[0]] : []), values, readings];
  const faults = candidates.map((candidate) => check(schema, candidate, `/${place}/${name}`));
  return faults.some((found) => found.length === 0) ? [] : (faults[0] ?? []);
}

function requestBodyFaults(operation: OfficialOperation, exchange: Exchange, check: SchemaCheck) {
  const { requestBody: declared } = operation;
  const { requestBody: text, requestHeaders } = exchange;
  if (text === null) return declared?.required ? [fault('/body', 'required', 'is required')] : [];
  if (!declared) return [fault('/body', 'undeclared', 'the operation takes no body')];
  const content = declared.content[mediaType(requestHeaders['content-type'])];
  if (!isObject(content)) return [fault('/headers/content-type', 'enum', 'is none that the operation takes')];
  return check(content['schema'], JSON.parse(text), '/body');
}

function responseFaults(operation: OfficialOperation, exchange: Exchange, check: SchemaCheck): readonly SchemaFault[] {
  const { status, responseBody, responseHeaders } = exchange;
  const declared = contentOf(operation, status);
  if (!declared) return [fault('/status', 'enum', `${status} is not documented`)];
  if (Object.keys(declared).length === 0)
    return responseBody === '' || responseBody === 'null' ? [] : [fault('/body', 'undeclared', 'has no body')];
  const given = mediaType(responseHeaders['content-type']);
  const wrongType = given in declared ? [] : [fault('/headers/content-type', 'enum', `${given} is not documented`)];
  // A body under another name is held against the schema all the same.
  const content = declared[given] ?? Object.values(declared)[0];
  const body = readJson(responseBody);
  if (body === undefined) return [...wrongType, fault('/body', 'json', 'is no JSON')];
  return [...wrongType, ...check(objectAt(content)['schema'], body, '/body')];
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function contentOf(operation: OfficialOperation, status: number): JsonObject | null {
  const { responses } = operation;
  return responses[String(status)] ?? responses[`${String(status)[0]}XX`] ?? responses['default'] ?? null;
}

function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim() ?? '';
}

function fault(pointer: string, keyword: string, detail: string): SchemaFault {
  return { pointer, keyword, detail };
}
