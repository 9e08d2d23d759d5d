import type { z } from 'zod';
import type { Operation } from './operations.ts';
import { access, accessQuery } from './schemas/access.ts';
import {
  benefit,
  benefitGrant,
  createBenefitBody,
  grantBenefitBody,
  listBenefitsQuery,
  listGrantsQuery,
  patchBenefitBody,
  planBenefits,
  setPlanBenefitsBody,
} from './schemas/benefit.ts';
import { pageOf } from './schemas/common.ts';
import {
  activateLicenseBody,
  deactivateLicenseBody,
  licenseActivation,
  licenseKey,
  validateLicenseBody,
} from './schemas/license-key.ts';

const ok = (schema: z.ZodType) => ({ '200': { description: 'Done.', schema } });
const path = '/ops/benefits/{id}';
const tag = 'Benefits';

/** What organizations may do, what plans bring them, and their license keys. */
export const benefitOperations: readonly Operation[] = [
  {
    ...{ method: 'get', path: '/billing/access', tag: 'Access', query: accessQuery },
    summary: 'Whether an organization may do something now, and why; at most one of `feature`, `limit` and `plan`',
    answers: ok(access),
    refusals: ['organization_required', 'organization_not_found'],
  },
  {
    ...{ method: 'get', path: '/billing/benefits', tag, query: listGrantsQuery },
    summary: "List organizations' benefits, with their license keys",
    answers: ok(pageOf(benefitGrant)),
    refusals: ['organization_not_found', 'cursor_invalid'],
  },
  {
    ...{ method: 'post', path: '/billing/license-keys/validate', tag: 'License keys', body: validateLicenseBody },
    summary: 'Check a license key and count its use; a publishable key suffices',
    answers: ok(licenseKey),
    refusals: ['license_key_not_valid', 'license_usage_exceeded'],
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: '/billing/license-keys/activate', tag: 'License keys', body: activateLicenseBody },
    summary: 'Activate a license key on a machine; send an `Idempotency-Key` to repeat it safely',
    answers: { '201': { description: 'Activated.', schema: licenseKey } },
    refusals: ['license_key_not_valid', 'license_activation_refused'],
    isIdempotent: true,
  },
  {
    ...{ method: 'post', path: '/billing/license-keys/deactivate', tag: 'License keys', body: deactivateLicenseBody },
    summary: 'End an activation; harmless when it has ended',
    answers: ok(licenseActivation),
    refusals: ['license_key_not_valid'],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path: '/ops/benefits', tag, summary: 'List benefits', query: listBenefitsQuery },
    answers: ok(pageOf(benefit)),
    refusals: ['cursor_invalid'],
  },
  {
    ...{ method: 'post', path: '/ops/benefits', tag, summary: 'Define a benefit', body: createBenefitBody },
    answers: { '201': { description: 'Defined. Plans bring it once they are told to.', schema: benefit } },
    refusals: [],
    isIdempotent: true,
  },
  {
    ...{ method: 'get', path, tag, summary: 'Read a benefit' },
    answers: ok(benefit),
    refusals: ['benefit_not_found'],
  },
  {
    ...{ method: 'patch', path, tag, summary: 'Change a benefit, for those who have it too', body: patchBenefitBody },
    answers: ok(benefit),
    refusals: ['benefit_not_found', 'benefit_archived'],
    isIdempotent: true,
  },
  {
    ...{ method: 'delete', path, tag, summary: 'Archive a benefit: nobody gets it, and who has it loses it' },
    answers: ok(benefit),
    refusals: ['benefit_not_found'],
    isIdempotent: true,
  },
  {
    ...{ method: 'put', path: '/ops/plans/{id}/benefits', tag, body: setPlanBenefitsBody },
    summary: 'Set the benefits that a plan brings; who has the plan gains and loses them accordingly',
    answers: ok(planBenefits),
    refusals: ['plan_not_found', 'benefit_not_found', 'benefit_archived'],
  },
  {
    ...{ method: 'get', path: `${path}/grants`, tag, summary: 'List who has a benefit', query: listGrantsQuery },
    answers: ok(pageOf(benefitGrant)),
    refusals: ['benefit_not_found', 'cursor_invalid'],
  },
  {
    ...{ method: 'post', path: `${path}/grants`, tag, body: grantBenefitBody },
    summary: 'Give a benefit without a purchase; again answers the same grant',
    answers: {
      '201': { description: 'Given.', schema: benefitGrant },
      '202': { description: 'It waits for a provider or a customer: `problem` tells.', schema: benefitGrant },
    },
    refusals: ['benefit_not_found', 'benefit_archived'],
    isIdempotent: true,
  },
  {
    ...{
      method: 'delete',
      path: `${path}/grants/{grant}`,
      tag,
      summary: 'Take back what was given without a purchase',
    },
    answers: { ...ok(benefitGrant), '202': { description: 'The provider is still at it.', schema: benefitGrant } },
    refusals: ['benefit_not_found', 'grant_not_found', 'grant_not_direct'],
    isIdempotent: true,
  },
];
