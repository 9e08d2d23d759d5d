import type { RelayDeps } from './deliver-events.ts';
import { sweepCheckouts } from './sweep-checkouts.ts';
import { sweepCustomerData } from './sweep-customer-data.ts';
import { sweepGrants } from './sweep-grants.ts';
import { sweepMigrationPapers } from './sweep-migration-papers.ts';
import { sweepMigrations } from './sweep-migrations.ts';
import { sweepPaymentMethods } from './sweep-payment-methods.ts';
import { sweepReconciliations } from './sweep-reconciliations.ts';
import { sweepRefunds } from './sweep-refunds.ts';
import { sweepRollouts } from './sweep-rollouts.ts';
import { sweepStrays } from './sweep-strays.ts';
import { sweepSubscriptionChanges } from './sweep-subscription-changes.ts';
import { sweepSubscriptions } from './sweep-subscriptions.ts';
import { sweepUsageReports } from './sweep-usage-reports.ts';

/** Each starts what its rows ask for and nobody has begun, for an API process may die between the row and the start. */
const sweeps: readonly ((deps: RelayDeps) => Promise<number>)[] = [
  sweepCheckouts,
  sweepSubscriptions,
  sweepSubscriptionChanges,
  sweepPaymentMethods,
  sweepRefunds,
  sweepGrants,
  sweepCustomerData,
  sweepStrays,
  sweepReconciliations,
  sweepUsageReports,
  sweepMigrationPapers,
  sweepMigrations,
  sweepRollouts,
];

/** @returns how many workflows were started. */
export async function sweepForgotten(deps: RelayDeps): Promise<number> {
  let started = 0;
  for (const sweep of sweeps) started += await sweep(deps);
  return started;
}
