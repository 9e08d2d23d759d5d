import type { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import {
  createMeterBody,
  listMetersQuery,
  meter,
  meterPush,
  operatorMeter,
  patchMeterBody,
  pushMetersBody,
  recount,
  recountBody,
} from './schemas/meter.ts';
import { listUsageEventsQuery, readUsageQuery, storedUsageEvent, usageReading } from './schemas/usage-reading.ts';

const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });
const path = '/ops/meters/{id}';
const tag = 'Meters';

/** What is counted, and what was used of it. */
export const meterOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/billing/usage', tag: 'Usage', query: readUsageQuery },
    summary: 'Read what an organization has used of a meter, by time or by a property',
    answers: ok(usageReading),
    refusals: [
      'organization_required',
      'organization_not_found',
      'meter_not_found',
      'usage_range_invalid',
      'usage_range_too_wide',
    ],
  },
  {
    ...{ method: 'get', path: '/billing/usage/events', tag: 'Usage', query: listUsageEventsQuery },
    summary: "List an organization's stored events, what arrived last first",
    answers: ok(pageOf(storedUsageEvent)),
    refusals: ['organization_required', 'organization_not_found', 'cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/billing/meters', tag, query: listMetersQuery },
    summary: 'List meters; the active ones unless told otherwise. A publishable key suffices',
    answers: ok(pageOf(meter)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'get', path: '/ops/meters', tag, summary: 'List meters', query: listMetersQuery },
    answers: ok(pageOf(operatorMeter)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'post', path: '/ops/meters', tag, body: createMeterBody },
    summary: 'Define a meter; events of its name that are stored already are counted first',
    answers: { '201': { description: 'Defined. Events of its name are accepted now.', schema: operatorMeter } },
    refusals: ['meter_key_taken'],
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: '/ops/meters/push', tag, body: pushMetersBody },
    summary: 'Create our meters at the providers; a dry run unless told otherwise',
    answers: { ...ok(meterPush), '202': { description: 'It goes on: read it by its id.', schema: meterPush } },
    refusals: ['provider_account_not_found', 'unavailable'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: '/ops/meters/push/{id}', tag, summary: 'Read a push of meters' },
    answers: ok(meterPush),
    refusals: ['job_not_found'],
  },
  {
    ...{ method: 'get', path, tag, summary: 'Read a meter by id or key' },
    answers: ok(operatorMeter),
    refusals: ['meter_not_found'],
  },
  {
    ...{ method: 'patch', path, tag, body: patchMeterBody },
    summary: 'Change how a meter is called, and what a limit by it does',
    answers: ok(operatorMeter),
    refusals: ['meter_not_found'],
    isIdempotent: true,
  },
  {
    ...{
      method: 'post',
      path: `${path}/archive`,
      tag,
      summary: 'Archive a meter: it counts on, and is pushed no more',
    },
    answers: ok(operatorMeter),
    refusals: ['meter_not_found'],
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: `${path}/recount`, tag, body: recountBody },
    summary: 'Compare the totals of a meter with its events, one by one, and repair them if told to',
    answers: ok(recount),
    refusals: ['meter_not_found', 'usage_range_invalid'],
    isIdempotent: true,
  },
];
