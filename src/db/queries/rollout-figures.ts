import type { Cohort } from '../../domain/rollout/cohort.ts';
import { recentOpenings, type RecentHealth } from '../../domain/rollout/guardrails.ts';
import type { Arm, ArmFigures } from '../../domain/rollout/rollout.ts';
import type { Rollout } from '../entities/rollout.ts';
import type { Db } from '../orm.ts';

/** What the figures of one rollout are read by. */
export type MeasuredRollout = Pick<
  Rollout,
  'id' | 'projectId' | 'live' | 'fromProvider' | 'toProvider' | 'createdAt' | 'settings'
>;

/**
 * Every checkout that the rollout placed, with its outcome, for the statements that follow. Checkouts that a rolled-back
 * rollout sent to the old provider are no attempts of an arm.
 *
 * What ended by itself counts when it ended: paid; served by nobody; canceled after its page was open; ended by the
 * provider before its time. What merely lapsed counts as failed at one age in both arms, the longer of their usual page
 * lives: an arm whose pages live shorter must not look worse for telling of its failures sooner.
 */
export const attempts = `
  owner as (select ?::text as rollout_id, ?::text as from_provider, ?::text as to_provider, ?::timestamptz as now),
  placed as (
    select mine.arm, mine.stage, mine.created_at as assigned_at, mine.checkout_id = checkout.id as is_first, checkout.*,
      case mine.arm when 'control' then owner.from_provider else owner.to_provider end as own_provider
    from owner
    join rollout_assignments mine on mine.rollout_id = owner.rollout_id
    join checkouts checkout on checkout.project_id = mine.project_id and checkout.live = mine.live
      and checkout.organization_id = mine.organization_id
      and checkout.routing->'rollout'->>'id' = mine.rollout_id
      and checkout.routing->'rollout'->>'rolled_back' = 'false'),
  page_life as (
    select coalesce(max(life), interval '0') as life from (
      select percentile_cont(0.5) within group (order by expires_at - created_at) as life
      from placed where status in ('open', 'expired') and expires_at is not null group by arm) of_arm),
  attempt as (
    select placed.*, case
      when status = 'paid' then 'succeeded'
      when status = 'failed' or (status = 'canceled' and provider is not null) then 'failed'
      when status = 'expired' and (updated_at < expires_at - interval '2 minutes'
        or created_at + page_life.life <= owner.now) then 'failed'
      else 'unknown' end as outcome,
      status <> 'creating' and not (status = 'canceled' and provider is null)
        and not routing->'skipped' @> jsonb_build_array(
          jsonb_build_object('provider', own_provider, 'reason', 'unsupported')) as is_opening
    from placed, page_life, owner)`;

/** For `attempts`, and first of all parameters. */
export function attemptParams(rollout: MeasuredRollout, now: Date): readonly unknown[] {
  return [rollout.id, rollout.fromProvider, rollout.toProvider, now];
}

interface ArmRow extends Omit<ArmFigures, 'webhookDelayMs' | 'checkoutMs'> {
  readonly arm: Arm;
}

interface DelayRow {
  readonly arm: Arm;
  readonly p50: number;
  readonly p95: number;
  readonly count: number;
}

/** Times are told of so many of the newest attempts. */
const timedAttempts = 1_000;

/** What both arms have shown, out of durable rows. */
export async function measureArms(em: Db, rollout: MeasuredRollout, now: Date): Promise<Record<Arm, ArmFigures>> {
  const counts = await em.execute<ArmRow[]>(
    `with ${attempts}
     select arm, count(distinct organization_id)::integer as customers, count(*)::integer as attempts,
       count(*) filter (where outcome = 'succeeded')::integer as succeeded,
       count(*) filter (where outcome = 'failed')::integer as failed,
       count(*) filter (where outcome = 'unknown')::integer as unknown,
       count(*) filter (where is_opening)::integer as openings,
       count(*) filter (where is_opening and provider is distinct from own_provider)::integer as "openingErrors"
     from attempt group by arm`,
    [...attemptParams(rollout, now)],
  );
  const opened = await em.execute<DelayRow[]>(
    `with ${attempts},
     newest as (
       select *, row_number() over (partition by arm order by created_at desc) as place from attempt where is_opening),
     timed as (
       select arm, extract(epoch from entry.at - newest.created_at) * 1000 as ms
       from newest join audit_log entry on entry.project_id = newest.project_id and entry.entity_id = newest.id
         and entry.action = 'checkout.opened'
       where place <= ${timedAttempts})
     ${percentiles} from timed group by arm`,
    [...attemptParams(rollout, now)],
  );
  const delays = await measureWebhookDelays(em, rollout, now);
  const of = (arm: Arm): ArmFigures => {
    const { arm: _, ...known } = counts.find((row) => row.arm === arm) ?? { arm, ...nothing };
    return { ...known, webhookDelayMs: delayOf(delays, arm), checkoutMs: delayOf(opened, arm) };
  };
  return { control: of('control'), treatment: of('treatment') };
}

const nothing: Omit<ArmRow, 'arm'> = {
  ...{ customers: 0, attempts: 0, succeeded: 0, failed: 0, unknown: 0, openings: 0, openingErrors: 0 },
};

const percentiles = `select arm, round(percentile_disc(0.5) within group (order by ms))::integer as p50,
  round(percentile_disc(0.95) within group (order by ms))::integer as p95, count(*)::integer as count`;

function delayOf(rows: readonly DelayRow[], arm: Arm): ArmFigures['checkoutMs'] {
  const row = rows.find((each) => each.arm === arm);
  return row ? { p50: row.p50, p95: row.p95, count: row.count } : null;
}

/**
 * From when the money moved, by the provider's own time, until the first webhook after it that is about the checkout or
 * what was bought with it. Of a day's payments.
 */
const delays = `
  paid as (
    select attempt.arm, attempt.id, attempt.subscription_id, payment.provider, payment.paid_at
    from attempt join payments payment on payment.project_id = attempt.project_id and payment.checkout_id = attempt.id
    cross join owner
    where payment.status = 'succeeded' and payment.provider = attempt.own_provider
      and payment.paid_at between owner.now - interval '1 day' and owner.now
      -- A provider's clock that is ahead of ours tells no delay.
      and payment.paid_at <= payment.created_at),
  heard as materialized (
    select event.provider, event.created_at, target from provider_events event
    cross join owner
    cross join lateral (values ('checkout/' || event.checkout_id), (event.delivered_to)) as targets (target)
    where event.project_id = ? and event.live = ? and event.created_at between owner.now - interval '1 day' and owner.now
      and target is not null),
  told as (
    select paid.arm, paid.id, paid.paid_at, min(heard.created_at) as told_at
    from paid
    cross join lateral (values ('checkout/' || paid.id), ('subscription/' || paid.subscription_id)) as targets (target)
    left join heard on heard.target = targets.target and heard.provider = paid.provider
      and heard.created_at >= paid.paid_at
    group by paid.arm, paid.id, paid.paid_at)`;

function measureWebhookDelays(em: Db, rollout: MeasuredRollout, now: Date): Promise<readonly DelayRow[]> {
  return em.execute<DelayRow[]>(
    `with ${attempts}, ${delays},
     timed as (select arm, extract(epoch from told_at - paid_at) * 1000 as ms from told where told_at is not null)
     ${percentiles} from timed group by arm`,
    [...attemptParams(rollout, now), rollout.projectId, rollout.live],
  );
}

interface RecentRow {
  readonly openings: number;
  readonly openingErrors: number;
  readonly controlOpenings: number;
  readonly controlErrors: number;
  readonly p95: number | null;
  readonly delays: number;
  readonly minutesWithoutWebhook: number;
  readonly settledWithoutWebhook: number;
  readonly breakerOpenMinutes: number | null;
}

/** What the newest minutes have shown of the treatment's provider. A page that lapses tells no webhook: only money does. */
export async function measureRecent(em: Db, rollout: MeasuredRollout, now: Date): Promise<RecentHealth> {
  const [row] = await em.execute<RecentRow[]>(
    `with ${attempts}, ${delays},
     newest as (
       select *, row_number() over (partition by arm order by created_at desc) as place from attempt cross join owner
       where is_opening and created_at > owner.now - interval '1 day'),
     opening as (
       select arm, provider is distinct from own_provider as is_error from newest where place <= ${recentOpenings}),
     late as (
       select extract(epoch from told_at - paid_at) * 1000 as ms from told cross join owner
       where arm = 'treatment' and told_at > owner.now - interval '1 hour'),
     silence as (
       select greatest(coalesce((
           select max(event.created_at) from provider_events event
           where event.project_id = ? and event.live = ? and event.provider = owner.to_provider
             and event.created_at > owner.now - interval '1 day' and event.created_at <= owner.now), ?::timestamptz),
         owner.now - interval '1 day') as since from owner)
     select
       (select count(*) from opening where arm = 'treatment')::integer as openings,
       (select count(*) from opening where arm = 'treatment' and is_error)::integer as "openingErrors",
       (select count(*) from opening where arm = 'control')::integer as "controlOpenings",
       (select count(*) from opening where arm = 'control' and is_error)::integer as "controlErrors",
       (select round(percentile_disc(0.95) within group (order by ms))::integer from late) as p95,
       (select count(*) from late)::integer as delays,
       (select extract(epoch from owner.now - since) / 60 from silence, owner)::float as "minutesWithoutWebhook",
       (select count(*) from attempt, silence where arm = 'treatment' and provider = own_provider
          and status = 'paid' and updated_at > since)::integer as "settledWithoutWebhook",
       (select extract(epoch from owner.now - opened_at) / 60 from provider_health health, owner
          where health.project_id = ? and health.live = ? and health.provider = owner.to_provider
            and health.state <> 'closed')::float as "breakerOpenMinutes"`,
    [
      ...[...attemptParams(rollout, now), rollout.projectId, rollout.live],
      ...[rollout.projectId, rollout.live, rollout.createdAt, rollout.projectId, rollout.live],
    ],
  );
  if (row === undefined) throw new Error('a select without from answers a row');
  const { controlOpenings, controlErrors, p95, delays: count, ...recent } = row;
  return {
    ...recent,
    control: { openings: controlOpenings, openingErrors: controlErrors },
    webhookDelayMs: p95 === null ? null : { p95, count },
  };
}

interface CohortRow {
  readonly stage: number;
  readonly day: string;
  readonly controlSucceeded: number;
  readonly controlFailed: number;
  readonly treatmentSucceeded: number;
  readonly treatmentFailed: number;
}

/** Customers with a known outcome of their first checkout, by the stage and the day of their assignment. */
export async function measureCohorts(em: Db, rollout: MeasuredRollout, now: Date): Promise<readonly Cohort[]> {
  const count = (arm: Arm, outcome: string) =>
    `count(*) filter (where arm = '${arm}' and outcome = '${outcome}')::integer`;
  const rows = await em.execute<CohortRow[]>(
    `with ${attempts}
     select stage, to_char(assigned_at at time zone 'UTC', 'YYYY-MM-DD') as day,
       ${count('control', 'succeeded')} as "controlSucceeded", ${count('control', 'failed')} as "controlFailed",
       ${count('treatment', 'succeeded')} as "treatmentSucceeded", ${count('treatment', 'failed')} as "treatmentFailed"
     from attempt where is_first group by 1, 2 order by 1, 2`,
    [...attemptParams(rollout, now)],
  );
  return rows.map(({ stage, day, ...row }) => ({
    ...{ stage, day },
    control: { succeeded: row.controlSucceeded, failed: row.controlFailed },
    treatment: { succeeded: row.treatmentSucceeded, failed: row.treatmentFailed },
  }));
}
