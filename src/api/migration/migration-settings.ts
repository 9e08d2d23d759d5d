import type { Db } from '../../db/orm.ts';
import { PriceEntity } from '../../db/entities/plan.ts';
import type { MigrationSettings } from '../../domain/migration/migration.ts';
import type { Caller } from '../caller.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal } from '../error-codes.ts';
import { policyInForce } from '../routing/project-rules.ts';
import type { CreateMigrationBody } from '../schemas/migration.ts';

const day = 1_440;
const defaults = {
  concurrency: 20,
  noticesPerMinute: 60,
  remindAfterMinutes: [3 * day, 7 * day],
  deadlineMinutes: 14 * day,
  lastCallMinutes: 360,
  watchMinutes: day,
} as const;

/**
 * What a migration is held to: as asked, else the defaults, with the routing policy as it stands now.
 *
 * @throws {BillingError} `validation_failed`, `price_not_found`, `routing_policy_inactive`
 */
export async function settingsOf(
  deps: Pick<ApiDeps, 'rules'>,
  input: { readonly em: Db; readonly caller: Caller; readonly body: CreateMigrationBody },
): Promise<MigrationSettings> {
  const { em, caller, body } = input;
  const deadlineMinutes = body.deadline_minutes ?? defaults.deadlineMinutes;
  const prices = body.prices ?? {};
  await refuseUnknownPrices(em, caller, prices);
  const { policy } = await policyInForce(deps.rules, caller);
  const { blockedCountries } = await deps.rules.of(caller);
  return {
    concurrency: body.concurrency ?? defaults.concurrency,
    noticesPerMinute: body.notices_per_minute ?? defaults.noticesPerMinute,
    remindAfterMinutes: remindersOf(body, deadlineMinutes),
    deadlineMinutes,
    lastCallMinutes: body.last_call_minutes ?? defaults.lastCallMinutes,
    watchMinutes: body.watch_minutes ?? defaults.watchMinutes,
    prices,
    routing: { policy, blockedCountries },
  };
}

function remindersOf(body: CreateMigrationBody, deadlineMinutes: number): readonly number[] {
  const asked = body.remind_after_minutes;
  if (asked === undefined) return defaults.remindAfterMinutes.filter((after) => after < deadlineMinutes);
  asked.forEach((after, index) => {
    const pointer = `/remind_after_minutes/${index}`;
    if (after >= deadlineMinutes)
      throw fieldRefusal('validation_failed', pointer, `Must be before the deadline, ${deadlineMinutes} minutes.`);
    if (index > 0 && after <= (asked[index - 1] ?? 0))
      throw fieldRefusal('validation_failed', pointer, 'Must be later than the reminder before it.');
  });
  return asked;
}

async function refuseUnknownPrices(
  em: Db,
  { projectId }: Caller,
  prices: Readonly<Record<string, string>>,
): Promise<void> {
  const ids = [...new Set(Object.values(prices))];
  const known = await em.fork().find(PriceEntity, { projectId, id: { $in: ids }, billingInterval: { $ne: null } });
  for (const [offer, price] of Object.entries(prices))
    if (!known.some(({ id }) => id === price)) {
      const pointer = `/prices/${offer.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      throw fieldRefusal('price_not_found', pointer, `No recurring price of the project has the id ${price}.`);
    }
}
