import type { ReconciliationRun } from '../entities/reconciliation.ts';
import type { Db } from '../orm.ts';
import type { SaleRef } from './reconciliation-owners.ts';

/** Which of our sales should be at the provider, and were not looked at yet. */
export type SaleStage = 'checkouts' | 'subscriptions' | 'money';

const notLooked = (kind: string, id: string) => `not exists (
  select from reconciliation_looks look where look.run_id = :run and look.subject_kind = ${kind} and look.subject_id = ${id})`;

/** An open page can still be paid; the rest counts while it changes. */
const checkouts = `
  select 'checkout' as kind, id from checkouts
  where project_id = :project and live = :live and provider = :provider and provider_checkout_id is not null
    and id > :after and (status in ('open', 'pending') or updated_at >= :since) and ${notLooked("'checkout'", 'checkouts.id')}
  order by id limit :limit`;

const subscriptions = `
  select 'subscription' as kind, id from subscriptions
  where project_id = :project and live = :live and provider = :provider
    and (provider_subscription_id is not null or collection = 'voucher')
    and id > :after and (status not in ('canceled', 'expired') or updated_at >= :since)
    and ${notLooked("'subscription'", 'subscriptions.id')}
  order by id limit :limit`;

/** Sales that did not change themselves, but whose money did. */
const money = `
  select kind, id from (
    select case when subscription_id is null then 'checkout' else 'subscription' end as kind,
      coalesce(subscription_id, checkout_id) as id
    from payments payment
    where project_id = :project and live = :live and provider = :provider and (updated_at >= :since
      or exists (select from refunds where refunds.payment_id = payment.id and refunds.updated_at >= :since)
      or exists (select from disputes where disputes.payment_id = payment.id and disputes.updated_at >= :since))
    union
    select case when subscription_id is null then 'checkout' else 'subscription' end,
      coalesce(subscription_id, checkout_id)
    from invoices
    where project_id = :project and live = :live and provider = :provider and updated_at >= :since
  ) sale
  where id > :after and ${notLooked('sale.kind', 'sale.id')}
  order by id limit :limit`;

const statements: Readonly<Record<SaleStage, string>> = { checkouts, subscriptions, money };

/**
 * One page of them, by id.
 *
 * @param input.after The last id of the page before; empty: from the beginning.
 */
export async function listUnseenSales(
  em: Db,
  run: ReconciliationRun,
  input: { readonly stage: SaleStage; readonly after: string; readonly since: Date; readonly limit: number },
): Promise<readonly SaleRef[]> {
  const values: Readonly<Record<string, unknown>> = {
    ...{ run: run.id, project: run.projectId, live: run.live, provider: run.provider },
    ...{ after: input.after, since: input.since.toISOString(), limit: input.limit },
  };
  const params: unknown[] = [];
  const sql = statements[input.stage].replaceAll(/(?<!:):([a-z]+)/g, (_match, name: string) => {
    params.push(values[name]);
    return '?';
  });
  return em.execute<{ kind: SaleRef['kind']; id: string }[]>(sql, params);
}
