/** What is counted in a run, as `POST /ops/meters` takes it. */
export interface MeterPlan {
  readonly key: string;
  readonly event_name: EventName;
  readonly aggregation: Aggregation;
  readonly property: string | null;
  readonly filter: readonly { readonly property: string; readonly operator: 'eq'; readonly value: string }[];
}

export type EventName = 'units' | 'load' | 'visit' | 'level';
export type Aggregation = 'sum' | 'count' | 'max' | 'last' | 'unique';

/** One of each aggregation; two count the same events, one of them not all. */
export const meters: readonly MeterPlan[] = [
  { key: 'faults_units', event_name: 'units', aggregation: 'sum', property: null, filter: [] },
  {
    ...{ key: 'faults_calls', event_name: 'units', aggregation: 'count', property: null },
    filter: [{ property: 'region', operator: 'eq', value: 'eu' }],
  },
  { key: 'faults_peak', event_name: 'load', aggregation: 'max', property: 'percent', filter: [] },
  { key: 'faults_users', event_name: 'visit', aggregation: 'unique', property: 'user', filter: [] },
  { key: 'faults_level', event_name: 'level', aggregation: 'last', property: null, filter: [] },
];

/** What each provider can count, by its documentation: everything else is reported as rejected. */
export const countedBy: Readonly<Record<string, readonly Aggregation[]>> = {
  polar: ['sum', 'count', 'max', 'unique'],
  stripe: ['sum', 'count', 'last'],
};

/** Who uses and who bills them; null: nobody. */
export interface OrganizationPlan {
  readonly id: string;
  readonly provider: string | null;
  /** Where the default policy gives that provider. */
  readonly country: string | null;
}

export function organizationsOf(seed: number): readonly OrganizationPlan[] {
  const drawn = (count: number, provider: string | null, country: string | null) =>
    Array.from({ length: count }, (_, index) => ({
      id: `uf_${seed}_${provider ?? 'free'}_${index}`,
      provider,
      country,
    }));
  return [
    ...drawn(4, 'polar', 'US'),
    ...drawn(4, 'stripe', 'RU'),
    // It bills and cannot count: said so in the report, never lost.
    ...drawn(1, 'conekta', 'MX'),
    ...drawn(1, null, null),
  ];
}
