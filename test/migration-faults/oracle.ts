import { coverFaults, type Span } from './cover.ts';

/** What must become of one subscription of the old provider. `twin`: it or the other one of its customer moves. */
export type Fate = 'moves' | 'twin' | 'stays' | 'ends';

/** A subscription that was there before, followed from then on, whoever charges for it. Times in ms. */
export interface Followed {
  /** null: nobody of ours. */
  readonly organizationId: string | null;
  readonly legacyId: string;
  /** What kind it is and what its customer did, for messages. */
  readonly what: string;
  readonly fate: Fate;
  /** Time that exactly one charge, or `free`, must cover; `toMs` null: for as long as anybody looks. */
  readonly cover: { readonly fromMs: number; readonly toMs: number | null } | null;
  /** A trial that the old provider gave. */
  readonly free: { readonly fromMs: number; readonly toMs: number } | null;
}

/** A line of the sandbox's own ledger. */
export interface LedgerLine {
  readonly provider: string;
  readonly kind: string;
  readonly id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly status: string;
  readonly subscription: string | null;
  readonly period: { readonly start: string; readonly end: string } | null;
  /** Of a refund: what it takes back. */
  readonly charge: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A subscription as its provider's own API tells it. */
export interface TheirSubscription {
  readonly provider: string;
  readonly id: string;
  readonly organizationId: string | null;
  readonly status: string;
  /** Whether another charge will follow. */
  readonly renews: boolean;
}

export interface MigrationBooks {
  /** Whom customers leave. */
  readonly oldProvider: string;
  readonly followed: readonly Followed[];
  readonly ledger: readonly LedgerLine[];
  readonly subscriptions: readonly TheirSubscription[];
  /** Up to when time must be covered. */
  readonly untilMs: number;
}

/**
 * Everything that must hold after a migration, as faults; empty: nobody was charged twice, no time is uncovered, everybody
 * has exactly one who charges next, and who did not act was left alone. Knows nothing of our rows or reports. Pure, so
 * that each fault can be planted.
 */
export function judge(books: MigrationBooks): readonly string[] {
  const { faults, settled } = settleTwins(books);
  const scene = sceneOf({ ...books, followed: settled });
  return [...faults, ...settled.flatMap((each) => followedFaults(each, scene)), ...strangers(settled, scene)];
}

/** Of two subscriptions of one customer the one that ends is the one that moved. */
function settleTwins({ followed, subscriptions }: MigrationBooks) {
  const renews = new Map(subscriptions.map(({ id, renews: does }) => [id, does]));
  const faults: string[] = [];
  const settled = followed.map((each): Followed => {
    if (each.fate !== 'twin') return each;
    const twins = followed.filter(({ organizationId }) => organizationId === each.organizationId);
    const ended = twins.filter(({ legacyId }) => renews.get(legacyId) !== true);
    if (ended.length !== 1 && twins[0] === each)
      faults.push(`${nameOf(each)}: ${ended.length} of its ${twins.length} subscriptions ended, not one`);
    return { ...each, fate: ended[0] === each ? 'moves' : 'stays' };
  });
  return { faults, settled };
}

interface Scene extends MigrationBooks {
  /** Charges that were taken and kept, by subscription. */
  readonly kept: ReadonlyMap<string, readonly LedgerLine[]>;
  /** At other providers than the old one, by organization. */
  readonly elsewhere: ReadonlyMap<string, readonly TheirSubscription[]>;
  readonly byId: ReadonlyMap<string, TheirSubscription>;
  /** Of each customer's subscriptions the one that goes on elsewhere, if any does: the one that moved, else the first. */
  readonly heirs: ReadonlySet<Followed>;
}

function sceneOf(books: MigrationBooks): Scene {
  const { followed, ledger, subscriptions, oldProvider } = books;
  const byCustomer = Map.groupBy(followed, ({ organizationId, legacyId }) => organizationId ?? legacyId);
  const heirs = [...byCustomer.values()].flatMap((all) => all.find(({ fate }) => fate === 'moves') ?? all[0] ?? []);
  const back = new Map<string, number>();
  for (const line of ledger)
    if (line.kind === 'refund' && line.status === 'succeeded' && line.charge !== null)
      back.set(line.charge, (back.get(line.charge) ?? 0) + line.amount_minor);
  const kept = keptCharges(ledger).filter(({ id, amount_minor: minor }) => (back.get(id) ?? 0) < minor);
  const others = subscriptions.filter(({ provider, organizationId }) => provider !== oldProvider && organizationId);
  return {
    ...books,
    kept: Map.groupBy(kept, ({ subscription }) => subscription ?? nobody),
    elsewhere: Map.groupBy(others, ({ organizationId }) => organizationId ?? nobody),
    byId: new Map(subscriptions.map((each) => [each.id, each])),
    heirs: new Set(heirs),
  };
}

/** Money that came in, whatever went back of it. */
export function keptCharges(ledger: readonly LedgerLine[]): readonly LedgerLine[] {
  return ledger.filter(
    ({ kind, status, amount_minor: minor }) => kind === 'charge' && status === 'succeeded' && minor > 0,
  );
}

function followedFaults(each: Followed, scene: Scene): readonly string[] {
  const own = scene.byId.get(each.legacyId);
  const news = scene.heirs.has(each) ? (scene.elsewhere.get(each.organizationId ?? nobody) ?? []) : [];
  const charges = [each.legacyId, ...news.map(({ id }) => id)].flatMap((id) => scene.kept.get(id) ?? []);
  return [
    ...fateFaults(each, own, news, charges),
    ...coverFaults({
      spans: charges.flatMap((line) => spanOf(line)),
      free: each.free,
      cover: each.cover,
      untilMs: scene.untilMs,
    }),
    ...charges.flatMap(({ period, provider, id }) => (period ? [] : [`${provider} ${id} pays for no period`])),
  ].map((fault) => `${nameOf(each)}: ${fault}`);
}

function fateFaults(
  { fate }: Followed,
  own: TheirSubscription | undefined,
  news: readonly TheirSubscription[],
  charges: readonly LedgerLine[],
): readonly string[] {
  if (own === undefined) return ['its old provider does not know it any more'];
  const faults: string[] = [];
  const renewing = [own, ...news].filter(({ renews }) => renews);
  const wanted = fate === 'ends' ? 0 : 1;
  if (renewing.length > 1) faults.push(`is billed by ${renewing.length}: ${renewing.map(placeOf).join(' and ')}`);
  if (renewing.length < wanted)
    faults.push(`nobody will charge for it again: ${[own, ...news].map(placeOf).join(', ')}`);
  if (wanted === 0 && renewing.length === 1) faults.push(`has ended, and ${renewing.map(placeOf).join()} goes on`);
  if (fate === 'moves' && own.renews) faults.push(`was to move and is still with ${placeOf(own)}`);
  if (fate === 'stays' && !own.renews) faults.push(`was to stay and is not: ${placeOf(own)}`);
  const charged = charges.filter(({ provider }) => provider !== own.provider);
  if (fate !== 'moves' && charged.length > 0)
    faults.push(
      `never went there, and was charged: ${charged.map(({ provider, id }) => `${provider} ${id}`).join(', ')}`,
    );
  return faults;
}

function spanOf({ period, provider, id }: LedgerLine): readonly Span[] {
  if (period === null) return [];
  return [{ fromMs: Date.parse(period.start), toMs: Date.parse(period.end), by: `${provider} ${id}` }];
}

/** Charges and running subscriptions that belong to nobody who is followed. */
function strangers(followed: readonly Followed[], { kept, subscriptions }: Scene): readonly string[] {
  const organizations = new Set(followed.flatMap(({ organizationId }) => organizationId ?? []));
  const legacy = new Set(followed.map(({ legacyId }) => legacyId));
  const known = subscriptions.filter(
    ({ id, organizationId }) => legacy.has(id) || (organizationId !== null && organizations.has(organizationId)),
  );
  const ids = new Set(known.map(({ id }) => id));
  return [
    ...[...kept].flatMap(([id, lines]) =>
      ids.has(id) ? [] : lines.map((line) => `${line.provider} ${line.id} of ${id} charged nobody who is known`),
    ),
    ...subscriptions.flatMap((each) =>
      each.renews && !ids.has(each.id) ? [`${placeOf(each)} belongs to nobody who is known`] : [],
    ),
  ];
}

const nobody = 'nobody';

function nameOf({ organizationId, legacyId, what }: Followed): string {
  return `${organizationId ?? 'a stranger'} (${legacyId}, ${what})`;
}

function placeOf({ provider, id, status, renews }: TheirSubscription): string {
  return `${provider} ${id} (${status}${renews ? '' : ', ending'})`;
}
