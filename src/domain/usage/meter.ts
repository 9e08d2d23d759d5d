/** How a period's events become one number. */
export const aggregations = ['sum', 'count', 'max', 'last', 'unique'] as const;
export type Aggregation = (typeof aggregations)[number];

export const filterOperators = ['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'exists'] as const;
export type FilterOperator = (typeof filterOperators)[number];

/** One condition on an event's property; all clauses of a filter must hold. A missing property fulfils `ne` alone. */
export interface FilterClause {
  readonly property: string;
  readonly operator: FilterOperator;
  /** A list for `in`, `true` or `false` for `exists`. Numbers are compared as numbers, everything else as text. */
  readonly value: string | number | boolean | readonly (string | number)[];
}

/** What of the events is counted. It never changes once made: another count is another meter. */
export interface MeterDefinition {
  readonly eventName: string;
  readonly filter: readonly FilterClause[];
  readonly aggregation: Aggregation;
  /** The property that is aggregated; null: the event's quantity. `count` needs none, `unique` needs one. */
  readonly property: string | null;
}

/** `soft`: use beyond the limit is allowed and told. `hard`: it is refused. */
export type LimitBehavior = 'soft' | 'hard';

/** Whether use is allowed while the meter cannot be read. */
export type WhenUnreadable = 'open' | 'closed';

/**
 * The hour that an event counts in, in ms since 1970: meters count by whole hours of UTC. A period begins with the hour
 * in which it begins.
 */
export function hourOf(ms: number): number {
  return ms - (((ms % hourMs) + hourMs) % hourMs);
}
export const hourMs = 3_600_000;
