import type { ErrorObject, ValidateFunction } from 'ajv';
import { isObject, listOf } from './json.ts';

/** One thing wrong: where in the value, by which keyword of the schema, and in words. */
export interface SchemaFault {
  /** JSON pointer; array positions are `*`. */
  readonly pointer: string;
  readonly keyword: string;
  readonly detail: string;
}

export interface Compiled {
  validator(schema: object): ValidateFunction;
  resolve(reference: string): unknown;
}

/**
 * Why a value does not fit. A union's branches all fail, each in its own way, and only the branch that was meant is worth
 * telling: the one that fails least, where a wrong constant or a wrong type of the whole weighs most.
 */
export function explain(compiled: Compiled, schema: unknown, value: unknown, pointer = ''): readonly SchemaFault[] {
  if (!isObject(schema)) return [];
  if (typeof schema['$ref'] === 'string') return explain(compiled, compiled.resolve(schema['$ref']), value, pointer);
  const validate = compiled.validator(schema);
  if (validate(value)) return [];
  const own = (validate.errors ?? []).filter((error) => isOwn(error, schema)).map((error) => faultOf(error, pointer));
  const below = [
    ...union(compiled, [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])], value, pointer),
    ...listOf(schema['allOf']).flatMap((member) => explain(compiled, member, value, pointer)),
    ...children(compiled, schema, value, pointer),
  ];
  // What a failing branch would have declared counts as undeclared too: noise beside the failure itself.
  const told = below.length === 0 ? own : [...own.filter(({ keyword }) => !isClosing(keyword)), ...below];
  const distinct = new Map(told.map((fault) => [`${fault.pointer} ${fault.keyword}`, fault]));
  return told.length > 0 ? [...distinct.values()] : [{ pointer, keyword: 'schema', detail: 'does not fit its schema' }];
}

function union(compiled: Compiled, branches: readonly unknown[], value: unknown, pointer: string) {
  const failures = branches.map((branch) => explain(compiled, branch, value, pointer));
  if (failures.some((faults) => faults.length === 0)) return [];
  return failures.toSorted((a, b) => weight(a, pointer) - weight(b, pointer))[0] ?? [];
}

/** What tells branches apart is a constant, or a field that only one of them demands. */
const weights: Readonly<Record<string, number>> = { const: 100, required: 10 };

function weight(faults: readonly SchemaFault[], pointer: string): number {
  return faults.reduce((sum, fault) => {
    if (fault.keyword === 'type' && fault.pointer === pointer) return sum + 1_000;
    return sum + (weights[fault.keyword] ?? 1);
  }, 0);
}

function children(compiled: Compiled, schema: Readonly<Record<string, unknown>>, value: unknown, pointer: string) {
  if (Array.isArray(value)) return value.flatMap((item) => explain(compiled, schema['items'], item, `${pointer}/*`));
  if (!isObject(value)) return [];
  const declared = isObject(schema['properties']) ? schema['properties'] : {};
  return Object.entries(value).flatMap(([name, entry]) =>
    explain(compiled, name in declared ? declared[name] : schema['additionalProperties'], entry, `${pointer}/${name}`),
  );
}

/** A keyword of this very schema; unions and compositions are told by their branches. */
function isOwn(error: ErrorObject, schema: object): boolean {
  return error.parentSchema === schema && !['anyOf', 'oneOf', 'allOf'].includes(error.keyword);
}

const isClosing = (keyword: string): boolean => keyword === 'undeclared';

function faultOf(error: ErrorObject, pointer: string): SchemaFault {
  const params: Readonly<Record<string, unknown>> = error.params;
  const undeclared = params['unevaluatedProperty'] ?? params['additionalProperty'];
  if (typeof undeclared === 'string')
    return { pointer: `${pointer}/${undeclared}`, keyword: 'undeclared', detail: 'is not in the schema' };
  const missing = params['missingProperty'];
  if (typeof missing === 'string')
    return { pointer: `${pointer}/${missing}`, keyword: 'required', detail: 'is required' };
  const allowed = params['allowedValues'] ?? params['allowedValue'];
  const more = allowed === undefined ? '' : ` (${JSON.stringify(allowed)})`;
  return { pointer, keyword: error.keyword, detail: `${error.message ?? 'is wrong'}${more}` };
}
