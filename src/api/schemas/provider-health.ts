import { z } from 'zod';
import { nullableTime } from './common.ts';

export const providerHealth = z
  .object({
    state: z.enum(['closed', 'open', 'half_open']).meta({
      description: '`open`: not asked; routing passes it over. `half_open`: one call at a time tries it.',
    }),
    since: nullableTime.meta({ description: 'When the state began; null: it never was open.' }),
    held: z.string().nullable().meta({ description: 'Why an operator opened it; then no trial goes.' }),
    next_trial_at: nullableTime,
    calls: z.int().meta({ description: 'Answered or failed within the last ten seconds, by all processes.' }),
    failures: z.int(),
    failure_share: z.number().nullable().meta({ description: '0 to 1; null: nobody called.', example: 0.25 }),
    last_failure: z.string().nullable().meta({
      description:
        '`timeout`, `lost` (the connection was cut), `not_sent` (it could not be reached) or `http_` and the status.',
      example: 'timeout',
    }),
    last_failure_at: nullableTime,
    last_success_at: nullableTime,
    credentials_rejected_at: nullableTime.meta({
      description: 'Since when it refuses our credentials; null: it does not.',
    }),
    paused_until: nullableTime.meta({ description: 'The provider asked to slow down until then.' }),
    budget: z
      .object({ per_second: z.number(), burst: z.int(), left: z.int() })
      .nullable()
      .meta({ description: 'Calls that the account may make; null: no limit is known.' }),
  })
  .meta({ id: 'ProviderHealth' });

export const setBreakerBody = z.strictObject({
  state: z.enum(['open', 'closed']).meta({
    description: '`open`: not asked until it is closed, without trials. `closed`: asked again at once.',
  }),
  reason: z.string().trim().min(3).max(500).meta({ example: 'Their maintenance, announced for tonight.' }),
});
