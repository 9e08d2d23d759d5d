import type { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import {
  assignment,
  createRolloutBody,
  listAssignmentsQuery,
  listRolloutsQuery,
  rollout,
  rolloutDetail,
  setStageBody,
} from './schemas/rollout.ts';

const tag = 'Rollout';
const path = '/ops/rollouts';
const missing = 'rollout_not_found';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });

const steering = (act: string, summary: string): Operation => ({
  ...{ method: 'post', path: `${path}/{id}/${act}`, tag, summary },
  answers: {
    '200': { description: 'Done.', schema: rollout },
    '202': { description: 'Asked for: its worker has not answered yet.', schema: rollout },
  },
  refusals: [missing, 'rollout_over'],
  isIdempotent: true,
});

/** The routes of rollouts. */
export const rolloutOperations: readonly Operation[] = [
  {
    ...{ method: 'post', path, tag, summary: 'Lead new customers from one provider to another' },
    body: createRolloutBody,
    answers: { '201': { description: 'It decides from now on.', schema: rollout } },
    refusals: [
      'rollout_running',
      'rollout_not_routed',
      'rollout_stage_invalid',
      'provider_account_not_found',
      'product_not_found',
    ],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path, tag, summary: 'List rollouts', query: listRolloutsQuery },
    answers: ok(pageOf(rollout)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{
      method: 'get',
      path: `${path}/{id}`,
      tag,
      summary: 'Read a rollout with both arms, its evidence and its looks',
    },
    answers: ok(rolloutDetail),
    refusals: [missing],
  },
  {
    ...{ method: 'get', path: `${path}/{id}/assignments`, tag, summary: 'List who is in which arm' },
    query: listAssignmentsQuery,
    answers: ok(pageOf(assignment)),
    refusals: [missing, 'cursor_invalid'],
  },
  steering('pause', 'Hold a rollout: it looks, and decides nothing'),
  steering('resume', 'Let a rollout decide again'),
  steering('promote', 'Take a rollout to its next stage, after the last one to its end'),
  steering('rollback', 'Send every new customer to the old provider again'),
  {
    ...steering('stage', 'Set a rollout’s stage; whoever has an arm keeps it'),
    body: setStageBody,
    refusals: [missing, 'rollout_over', 'rollout_stage_invalid'],
  },
];
