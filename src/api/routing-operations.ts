import { z } from 'zod';
import type { Operation } from './operations.ts';
import { pageOf } from './schemas/common.ts';
import {
  activatePolicyBody,
  blockedCountry,
  explainBody,
  namedPolicy,
  policyDryRun,
  postedPolicy,
  postPolicyBody,
  postPolicyQuery,
  putBlockedBody,
  routingExplanation,
} from './schemas/routing.ts';

const tag = 'Routing';
const policies = '/ops/routing/policies';
const blocked = '/ops/blocked-countries';
const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });

/** The routes by which operators read, change and ask routing. */
export const routingOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: policies, tag, summary: 'List routing policies, shipped and own' },
    answers: ok(pageOf(namedPolicy)),
    refusals: [],
  },
  {
    ...{ method: 'post', path: policies, tag, summary: 'Add a version of a routing policy, or try it on the past' },
    query: postPolicyQuery,
    body: postPolicyBody,
    answers: {
      '200': { description: 'A dry run: what it would change.', schema: policyDryRun },
      '201': { description: 'Added, and active unless told otherwise.', schema: postedPolicy },
    },
    refusals: ['routing_policy_invalid'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: `${policies}/{name}`, tag, summary: 'Read a routing policy and its versions' },
    answers: ok(namedPolicy),
    refusals: ['routing_policy_not_found'],
  },
  {
    ...{ method: 'post', path: `${policies}/{name}/activate`, tag, body: activatePolicyBody },
    summary: 'Make a version the active one, also an older one, or what ships',
    answers: ok(namedPolicy),
    refusals: ['routing_policy_not_found', 'routing_policy_invalid'],
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: '/ops/routing/explain', tag, body: explainBody },
    summary: 'Tell who would serve a checkout, and why; calls nobody and writes nothing',
    answers: ok(routingExplanation),
    refusals: [
      ...['organization_required', 'product_not_found', 'price_not_found', 'contact_sales'],
      ...['routing_policy_not_found', 'routing_policy_inactive', 'routing_policy_invalid'],
    ],
  },
  {
    ...{ method: 'get', path: blocked, tag, summary: 'List blocked countries, shipped and own' },
    answers: ok(pageOf(blockedCountry)),
    refusals: [],
  },
  {
    ...{ method: 'put', path: `${blocked}/{country}`, tag, summary: 'Block a country or regions of it, or allow it' },
    body: putBlockedBody,
    answers: ok(blockedCountry),
    refusals: [],
  },
  {
    ...{ method: 'delete', path: `${blocked}/{country}`, tag, summary: 'Go back to what ships for a country' },
    answers: ok(blockedCountry),
    refusals: ['blocked_country_not_found'],
    isIdempotent: true,
  },
];
