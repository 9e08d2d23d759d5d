import fc from 'fast-check';
import { Client } from 'pg';
import type { Meter } from '../../../src/db/entities/usage.ts';
import { rollUsage } from '../../../src/db/queries/roll-usage.ts';
import { readUsageByTime } from '../../../src/db/queries/usage-series.ts';
import { hourMs } from '../../../src/domain/usage/meter.ts';
import { countByHand, decimal, type Figure, type PlannedEvent } from './usage-oracle.ts';
import { storeEvent, type UsageWorld } from './usage-world.ts';

/** When the events of stories occur: the four hours from here, over the end of a month. */
export const startMs = Date.UTC(2026, 9, 31, 22);

/** Every way of counting, with and without what filters can ask. */
export const definitions: readonly Parameters<UsageWorld['meter']>[0][] = [
  { aggregation: 'sum' },
  { aggregation: 'sum', property: 'size' },
  { aggregation: 'sum', filter: [{ property: 'region', operator: 'in', value: ['a', 5] }] },
  { aggregation: 'count' },
  { aggregation: 'count', filter: [{ property: 'size', operator: 'gte', value: 2 }] },
  { aggregation: 'max', filter: [{ property: 'region', operator: 'ne', value: 'b' }] },
  { aggregation: 'max', property: 'size' },
  { aggregation: 'last' },
  { aggregation: 'last', property: 'size', filter: [{ property: 'region', operator: 'exists', value: true }] },
  { aggregation: 'unique', property: 'region' },
  { aggregation: 'unique', property: 'size', filter: [{ property: 'region', operator: 'lt', value: 'b' }] },
  { aggregation: 'count', filter: [{ property: 'region', operator: 'eq', value: true }] },
];

const region = fc.constantFrom('a', 'b', 'å', '5', 5, true, "'; drop table meters; --");
const size = fc.constantFrom(0, 1.5, 2, 10, -3, '2', 'many', false);
const properties = fc.option(fc.record({ region, size }, { requiredKeys: [] }), { nil: null });
const event = fc.record({
  organization: fc.nat(1),
  hour: fc.nat(3),
  minute: fc.nat(59),
  thousandths: fc.bigInt({ min: 0n, max: 10n ** 21n }),
  properties,
  name: fc.constantFrom('call', 'call', 'call', 'other'),
});
/** What may happen next. */
export const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('store' as const), event }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ kind: fc.constant('correct' as const), which: fc.nat(), isWhole: fc.boolean(), properties },
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('open' as const), events: fc.array(event, { maxLength: 4 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('close' as const), which: fc.nat(), isKept: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('roll' as const), size: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('define' as const), definition: fc.constantFrom(...definitions) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
);
type Drawn<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;
type Step = Drawn<typeof step>;

/** What was read, and what was committed. */
export interface Mismatch {
  readonly meter: Meter;
  readonly from: number | null;
  readonly read: Figure;
  readonly committed: Figure;
}

let stories = 0;

/**
 * Events of two organizations, some in transactions that end late or never, while two relays count.
 *
 * @returns where something else was read than was committed; the meters also count what was stored before they were made.
 */
export function tellStory(world: UsageWorld, meters: readonly Meter[], steps: readonly Step[]): Promise<Mismatch[]> {
  return new UsageStory(world, meters).tell(steps);
}

class UsageStory {
  private readonly world: UsageWorld;
  private readonly mismatches: Mismatch[] = [];
  private readonly prefix = `o${(stories += 1)}`;
  private readonly own: Meter[];
  private readonly committed: PlannedEvent[] = [];
  private readonly open: { readonly client: Client; readonly events: PlannedEvent[] }[] = [];
  private readonly client: Client;
  private count = 0;

  constructor(world: UsageWorld, meters: readonly Meter[]) {
    this.world = world;
    this.own = [...meters];
    this.client = new Client(world.url);
  }

  async tell(steps: readonly Step[]): Promise<Mismatch[]> {
    await this.client.connect();
    try {
      for (const one of steps) await this.take(one);
      for (const { client, events } of this.open.splice(0)) {
        await client.query('commit');
        await client.end();
        this.committed.push(...events);
      }
      await this.check();
      await this.world.rollAll();
      await this.check();
      return this.mismatches;
    } finally {
      for (const { client } of this.open) await client.end();
      await this.client.end();
    }
  }

  private async take(one: Step): Promise<void> {
    if (one.kind === 'read') return this.check();
    if (one.kind === 'define') {
      this.own.push(await this.world.meter(one.definition));
      return;
    }
    if (one.kind === 'roll') {
      const roll = () => rollUsage(this.world.orm.em.fork(), { size: one.size });
      await Promise.all([roll(), roll()]);
      return;
    }
    if (one.kind === 'store') return this.store(this.plan(one.event));
    if (one.kind === 'correct') {
      const corrected = this.committed.filter(({ corrects }) => corrects === null)[one.which % (this.count + 1)];
      if (corrected) await this.store(this.correction(corrected, one));
      return;
    }
    if (one.kind === 'open') {
      const client = new Client(this.world.url);
      await client.connect();
      await client.query('begin');
      const events = one.events.map((planned) => this.plan(planned));
      for (const planned of events) await storeEvent(client, planned);
      this.open.push({ client, events });
      return;
    }
    const [ended] = this.open.splice(one.which % (this.open.length || 1), 1);
    if (!ended) return;
    await ended.client.query(one.isKept ? 'commit' : 'rollback');
    await ended.client.end();
    if (one.isKept) this.committed.push(...ended.events);
  }

  private async store(planned: PlannedEvent): Promise<void> {
    await storeEvent(this.client, planned);
    this.committed.push(planned);
  }

  private plan(drawn: Drawn<typeof event>): PlannedEvent {
    return {
      organizationId: `${this.prefix}_${drawn.organization}`,
      eventId: `e${(this.count += 1)}`,
      eventName: drawn.name,
      quantity: decimal(drawn.thousandths),
      properties: drawn.properties,
      corrects: null,
      occurredAtMs: startMs + drawn.hour * hourMs + drawn.minute * 60_000,
    };
  }

  private correction(corrected: PlannedEvent, how: { isWhole: boolean; properties: PlannedEvent['properties'] }) {
    return {
      ...corrected,
      eventId: `e${(this.count += 1)}`,
      quantity: how.isWhole && corrected.quantity !== '0' ? `-${corrected.quantity}` : '-0.5',
      properties: how.isWhole ? corrected.properties : how.properties,
      corrects: corrected.eventId,
    };
  }

  /** What is read is what was committed, to the last event, however much of it is in the rollups. */
  private async check(): Promise<void> {
    for (const organizationId of [`${this.prefix}_0`, `${this.prefix}_1`]) {
      const theirs = this.committed.filter((stored) => stored.organizationId === organizationId);
      for (const meter of this.own) {
        const { rows, total } = await readUsageByTime(
          this.world.orm.em.fork(),
          { meter, organizationId, fromMs: startMs, toMs: startMs + 4 * hourMs },
          'hour',
        );
        this.compare(meter, null, total, theirs);
        for (const { startMs: from, value, events } of rows) {
          const within = theirs.filter(({ occurredAtMs }) => occurredAtMs >= from && occurredAtMs < from + hourMs);
          this.compare(meter, from, { value, events }, within);
        }
      }
    }
  }

  private compare(meter: Meter, from: number | null, read: Figure, events: readonly PlannedEvent[]): void {
    const committed = countByHand(meter, events);
    if (read.value !== committed.value || read.events !== committed.events)
      this.mismatches.push({ meter, from, read, committed });
  }
}
