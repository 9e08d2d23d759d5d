import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { isObject, listOf, objectAt, textOf, type JsonObject } from './json.ts';

/** One operation as the document has it. */
export interface OfficialOperation {
  /** `METHOD /path/{with}/{names}`. */
  readonly name: string;
  readonly parameters: readonly OfficialParameter[];
  readonly requestBody: { readonly required: boolean; readonly content: JsonObject } | null;
  /** By status, `4XX` or `default`: the content by media type. */
  readonly responses: Readonly<Record<string, JsonObject>>;
  /** What the path's names stand for in this call. */
  readonly pathValues: Readonly<Record<string, string>>;
}

export interface OfficialParameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly isDeepObject: boolean;
  readonly schema: unknown;
}

export interface OfficialDocument {
  readonly schemas: JsonObject;
  /** The operation of a path, query excluded. Literal segments win over names. */
  operation(method: string, path: string): OfficialOperation | null;
}

/** @param file A gzipped OpenAPI 3 document, JSON or YAML (of which JSON is a part, but a slow one). */
export function readOfficialDocument(file: string): OfficialDocument {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  const document: unknown = file.includes('.json') ? JSON.parse(text) : parse(text);
  const paths = Object.entries(objectAt(document, 'paths'))
    .map(([template, item]) => ({ template, item, pattern: patternOf(template) }))
    .toSorted((a, b) => namesIn(a.template) - namesIn(b.template));
  return {
    schemas: objectAt(document, 'components', 'schemas'),
    operation(method, path) {
      for (const { template, item, pattern } of paths) {
        const found = pattern.exec(path);
        const operation = objectAt(item, method.toLowerCase());
        if (found && Object.keys(operation).length > 0)
          return operationOf(`${method} ${template}`, item, operation, found.groups ?? {});
      }
      return null;
    },
  };
}

function operationOf(name: string, item: unknown, operation: JsonObject, groups: Readonly<Record<string, string>>) {
  const shared = listOf(isObject(item) ? item['parameters'] : []);
  const body = operation['requestBody'];
  return {
    name,
    parameters: [...shared, ...listOf(operation['parameters'])].map(parameterOf),
    requestBody: isObject(body) ? { required: body['required'] === true, content: objectAt(body, 'content') } : null,
    responses: Object.fromEntries(
      Object.entries(objectAt(operation, 'responses')).map(([status, answer]) => [status, objectAt(answer, 'content')]),
    ),
    pathValues: Object.fromEntries(Object.entries(groups).map(([key, value]) => [key, decodeURIComponent(value)])),
  };
}

function parameterOf(parameter: unknown): OfficialParameter {
  const { name, in: place, required, style, schema } = objectAt(parameter);
  return {
    ...{ name: textOf(name), in: textOf(place), required: required === true, schema },
    isDeepObject: style === 'deepObject',
  };
}

const nameInPath = /\{([^}]+)\}/g;

function namesIn(template: string): number {
  return [...template.matchAll(nameInPath)].length;
}

function patternOf(template: string): RegExp {
  const source = template.replaceAll(/[.*+?^$()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${source.replaceAll(nameInPath, '(?<$1>[^/]+)')}$`);
}
