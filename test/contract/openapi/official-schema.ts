import { isObject, listOf, type JsonObject } from './json.ts';

/** Where a component lives once both variants are loaded: `closed` refuses undeclared properties, `open` does not. */
type Variant = 'open' | 'closed';

/** Formats of the documents by the name that the validator knows; what it knows under no name is left unchecked. */
const formats: Readonly<Record<string, string | null>> = {
  uuid4: 'uuid',
  ipvanyaddress: null,
  color: null,
  int8: null,
};

/**
 * A schema of an OpenAPI document as JSON Schema 2020-12: `nullable` (3.0, still found in 3.1 documents) becomes a type,
 * references point into the chosen variant, and an object that declares properties and does not say otherwise is closed.
 * Only what holds a composition is closed: a member of `allOf` knows only its own part.
 */
export function officialSchema(schema: unknown, variant: Variant): unknown {
  if (!isObject(schema)) return schema;
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name in annotations) continue;
    made[name] = keyword(name, value, schema, variant);
  }
  if (typeof schema['format'] === 'string' && schema['format'] in formats) {
    const known = formats[schema['format']];
    if (known == null) delete made['format'];
    else made['format'] = known;
  }
  if (typeof schema['exclusiveMinimum'] === 'boolean') delete made['exclusiveMinimum'];
  if (variant === 'closed' && declaresProperties(schema)) made['unevaluatedProperties'] = false;
  return schema['nullable'] === true ? orNull(made) : made;
}

/** All components in one variant, under an id of its own. */
export function officialComponents(schemas: JsonObject, variant: Variant): JsonObject {
  const made = Object.entries(schemas).map(([name, schema]) => [name, officialSchema(schema, variant)]);
  return { $id: variant, components: { schemas: Object.fromEntries(made) } };
}

const annotations: Readonly<Record<string, true>> = {
  ...{ example: true, examples: true, default: true, description: true, title: true, nullable: true, xml: true },
  ...{ discriminator: true, deprecated: true, readOnly: true, writeOnly: true, externalDocs: true },
};

function keyword(name: string, value: unknown, owner: JsonObject, variant: Variant): unknown {
  switch (name) {
    case '$ref':
      return `${variant}${String(value)}`;
    case 'properties':
    case 'patternProperties':
      return isObject(value)
        ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, officialSchema(entry, 'closed')]))
        : value;
    case 'items':
    case 'additionalProperties':
    case 'propertyNames':
    case 'not':
      return officialSchema(value, 'closed');
    case 'prefixItems':
      return listOf(value).map((entry) => officialSchema(entry, 'closed'));
    case 'allOf':
      return listOf(value).map((entry) => officialSchema(entry, 'open'));
    case 'anyOf':
    case 'oneOf':
      return listOf(value).map((entry) => officialSchema(entry, isComposed(owner) ? 'open' : variant));
    default:
      return value;
  }
}

function isComposed(schema: JsonObject): boolean {
  return 'properties' in schema || 'allOf' in schema;
}

function declaresProperties(schema: JsonObject): boolean {
  return isComposed(schema) && !('additionalProperties' in schema) && !('unevaluatedProperties' in schema);
}

function orNull(schema: JsonObject): JsonObject {
  const { type, enum: values, ...rest } = schema;
  if (typeof type !== 'string') return { anyOf: [schema, { type: 'null' }] };
  return { ...rest, type: [type, 'null'], ...(Array.isArray(values) ? { enum: [...listOf(values), null] } : {}) };
}
