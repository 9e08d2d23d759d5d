import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { parse } from 'yaml';

type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Where the providers' official documents are, or null where they are not at hand. */
export function openapiFile(name: string): string | null {
  const directory = process.env['PLINTO_OPENAPI_DIR'] ?? join(import.meta.dirname, '../../../../../shared/openapi');
  const path = join(directory, name);
  return existsSync(path) ? path : null;
}

const OWN_KEYWORDS = ['nullable', 'discriminator', 'example', 'format', 'default'];

/** The document says 3.1 and writes 3.0: `nullable` beside the type, and a boolean `exclusiveMinimum`. */
function toJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(toJsonSchema);
  if (!isObject(schema)) return schema;
  const kept = Object.entries(schema).filter(
    ([key, value]) => !OWN_KEYWORDS.includes(key) && !(key.startsWith('exclusive') && typeof value === 'boolean'),
  );
  const converted = Object.fromEntries(
    kept.map(([key, value]) => [key, key === 'properties' ? mapValues(value) : toJsonSchema(value)]),
  );
  const { oneOf, ...common } = converted;
  const discriminator = schema['discriminator'];
  if (isObject(discriminator) && oneOf !== undefined) return { ...common, allOf: branches(discriminator) };
  return schema['nullable'] === true ? { anyOf: [converted, { type: 'null' }] } : converted;
}

/** Of several shapes, the one its own field names: several would fit otherwise. */
function branches({ propertyName, mapping }: Json): object[] {
  const name = String(propertyName);
  return Object.entries(mapping as Record<string, string>).map(([value, target]) => ({
    anyOf: [
      { not: { properties: { [name]: { const: value } }, required: [name] } },
      { $ref: target.startsWith('#') ? target : `#/components/schemas/${target}` },
    ],
  }));
}

/** Names of properties are no keywords. */
function mapValues(properties: unknown): unknown {
  if (!isObject(properties)) return properties;
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, toJsonSchema(schema)]));
}

interface Operation {
  template: string;
  method: string;
  matches: RegExp;
  responses: Record<string, { content?: Record<string, { schema?: object }> } | undefined>;
}

export interface Problem {
  operation: string;
  /** JSON pointer with list positions as `*`. */
  at: string;
  message: string;
  isNull: boolean;
}

export interface Contract {
  /** Such as `post /orders`, for every operation of the document. */
  operations: readonly string[];
  /** The operation a request belongs to. */
  operationOf(method: string, path: string): string | null;
  check(input: { method: string; path: string; status: number; body: unknown }): Problem[];
}

/** Reads a gzipped OpenAPI document into checks of whole answers. */
export function readContract(file: string): Contract {
  const document = parse(gunzipSync(readFileSync(file)).toString('utf8')) as Json;
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true, validateFormats: false });
  const { schemas } = document['components'] as { schemas: Json };
  ajv.addSchema({ $id: 'openapi', components: { schemas: mapValues(schemas) } });
  const known = new Map<object, ValidateFunction>();
  function compiled(schema: object): ValidateFunction {
    const before = known.get(schema);
    if (before) return before;
    const text = JSON.stringify(toJsonSchema(schema)).replaceAll('"#/components/', '"openapi#/components/');
    const validate = ajv.compile(JSON.parse(text) as object);
    known.set(schema, validate);
    return validate;
  }
  const operations = Object.entries(document['paths'] as Record<string, Record<string, Json>>).flatMap(
    ([template, methods]) =>
      Object.entries(methods)
        .filter(([method]) => ['get', 'post', 'put', 'patch', 'delete'].includes(method))
        .map(([method, operation]): Operation => ({
          template,
          method,
          matches: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
          responses: operation['responses'] as Operation['responses'],
        })),
  );
  // A fixed segment wins over a parameter.
  operations.sort((left, right) => left.template.split('{').length - right.template.split('{').length);
  const find = (method: string, path: string): Operation | undefined =>
    operations.find((each) => each.method === method.toLowerCase() && each.matches.test(path.split('?')[0] ?? ''));
  const nameOf = ({ method, template }: Operation): string => `${method} ${template}`;
  return {
    operations: operations.map(nameOf),
    operationOf(method, path) {
      const operation = find(method, path);
      return operation ? nameOf(operation) : null;
    },
    check({ method, path, status, body }) {
      const operation = find(method, path);
      if (!operation) return [{ operation: `${method} ${path}`, at: '', message: 'no such operation', isNull: false }];
      const response = operation.responses[String(status)];
      const schema = Object.values(response?.content ?? {})[0]?.schema;
      if (!schema) return [{ operation: nameOf(operation), at: '', message: `no answer ${status}`, isNull: false }];
      const validate = compiled(schema);
      if (validate(body)) return [];
      return (validate.errors ?? []).filter(isTelling).map((error) => ({
        operation: nameOf(operation),
        at: error.instancePath.replaceAll(/\/\d+/g, '/*'),
        message: error.message ?? error.keyword,
        isNull: error.data === null,
      }));
    },
  };
}

/** Leaves out what only repeats that some branch failed, and the branch for null. */
const isTelling = ({ keyword, params }: ErrorObject): boolean =>
  !['oneOf', 'anyOf', 'allOf', 'not'].includes(keyword) && !(keyword === 'type' && params['type'] === 'null');

function collectNulls(value: unknown, into: Set<string>): void {
  if (Array.isArray(value)) for (const each of value) collectNulls(each, into);
  else if (isObject(value))
    for (const [key, each] of Object.entries(value)) {
      if (each === null) into.add(key);
      collectNulls(each, into);
    }
}

/** Fields that are null somewhere in the recorded answers of a mock server's file. */
export function nullFieldsOf(file: string): ReadonlySet<string> {
  const { routes } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as {
    routes: { responses: { body: string }[] }[];
  };
  const fields = new Set<string>();
  for (const { body } of routes.flatMap(({ responses }) => responses)) {
    try {
      collectNulls(JSON.parse(body), fields);
    } catch {
      // A template that is no JSON before it is filled in.
    }
  }
  return fields;
}
