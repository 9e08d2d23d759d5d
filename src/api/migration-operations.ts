import { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import {
  createMigrationBody,
  listMigrationItemsQuery,
  listMigrationsQuery,
  migration,
  migrationItem,
} from './schemas/migration.ts';

const tag = 'Migrations';
const path = '/ops/migrations';
const missing = 'migration_not_found';
const missingItem = 'migration_item_not_found';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });
const asked = (schema: z.ZodType) => ({
  '200': { description: 'Done.', schema },
  '202': { description: 'Asked for: its worker has not answered yet.', schema },
});

const steering = (act: 'pause' | 'resume' | 'abort', summary: string): Operation => ({
  ...{ method: 'post', path: `${path}/{id}/${act}`, tag, summary },
  answers: asked(migration),
  refusals: [missing, 'migration_over'],
  isIdempotent: true,
});

const steeringItem = (act: 'rollback' | 'remind', summary: string): Operation => ({
  ...{ method: 'post', path: `${path}/{id}/items/{item}/${act}`, tag, summary },
  answers: asked(migrationItem),
  refusals: [missing, missingItem, 'migration_item_not_told', 'migration_item_past_return', 'migration_item_over'],
  isIdempotent: true,
});

/** The routes of migrations off a provider. */
export const migrationOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path, tag, summary: 'Plan a provider’s customers to others, and move them' },
    body: createMigrationBody,
    answers: { '202': { description: 'It begins: read it by its id.', schema: migration } },
    refusals: [
      'provider_account_not_found',
      'not_supported_by_provider',
      'price_not_found',
      'migration_csv_invalid',
      'migration_running',
      'routing_policy_inactive',
    ],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path, tag, summary: 'List migrations', query: listMigrationsQuery },
    answers: ok(pageOf(migration)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: `${path}/{id}`, tag, summary: 'Read a migration: counts by state, money' },
    answers: ok(migration),
    refusals: [missing],
  },
  {
    ...{ method: 'get', path: `${path}/{id}/items`, tag, summary: 'List its items, one per old subscription' },
    query: listMigrationItemsQuery,
    answers: ok(pageOf(migrationItem)),
    refusals: [missing, 'cursor_invalid'],
  },
  {
    ...{ method: 'get', path: `${path}/{id}/items/{item}`, tag, summary: 'Read one item' },
    answers: ok(migrationItem),
    refusals: [missing, missingItem],
  },
  {
    ...{ method: 'get', path: `${path}/{id}/plan.csv`, tag, summary: 'Load its plan: a line per subscription' },
    answers: { '200': { description: 'RFC 4180.', schema: z.string(), contentType: 'text/csv' } },
    refusals: [missing],
  },
  steering('pause', 'Tell nobody else until it goes on'),
  steering('resume', 'Let it go on'),
  steering('abort', 'End it: who is not past the point of no return goes back'),
  steeringItem('rollback', 'Lead one customer back, before the point of no return'),
  steeringItem('remind', 'Tell one customer again, now'),
];
