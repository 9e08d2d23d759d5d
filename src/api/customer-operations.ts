import type { Operation } from './operations.ts';
import {
  customerData,
  customerDataJob,
  customerDataQuery,
  eraseCustomerQuery,
  portal,
  portalQuery,
} from './schemas/customer.ts';

const tag = 'Customers';
const refusals = ['organization_required', 'organization_not_found', 'customer_not_found'];

const openPortal = {
  method: 'get',
  query: portalQuery,
  answers: { '200': { description: 'Redirect the customer there at once.', schema: portal } },
  refusals: [...refusals, 'redirect_not_allowed'],
} as const;

const exportData = {
  method: 'get',
  query: customerDataQuery,
  answers: {
    '200': { description: 'Everything that we and the providers tell of the organization.', schema: customerData },
    '202': { description: 'Still being gathered: read the job by its id.', schema: customerDataJob },
  },
  refusals: [...refusals, 'encryption_not_configured', 'customer_erased'],
} as const;

const eraseData = {
  method: 'delete',
  query: eraseCustomerQuery,
  answers: { '202': { description: 'Accepted: read the job by its id.', schema: customerDataJob } },
  refusals: [...refusals, 'subscription_live'],
  isIdempotent: true,
} as const;

/** The portal, and what a customer may ask of their data. */
export const customerOperations: readonly Operation[] = [
  {
    ...openPortal,
    path: '/billing/customer/portal',
    tag,
    summary: 'Open the page where a customer manages what they have',
  },
  { ...exportData, path: '/billing/customer/data', tag, summary: 'Export everything known of an organization' },
  { ...eraseData, path: '/billing/customer/data', tag, summary: 'Erase what is personal of an organization' },
  {
    ...{ method: 'get', path: '/billing/customer/data/jobs/{id}', tag, summary: 'Read an export or erasure' },
    answers: { '200': { description: 'Done.', schema: customerDataJob } },
    refusals: ['job_not_found'],
  },
];

/** The same under a provider's name. */
export function customerAliases(id: string): readonly Operation[] {
  return [
    { ...openPortal, tag: 'Aliases', path: `/${id}/customer/portal`, summary: `Open the portal, ${id}’s preferred` },
    {
      ...exportData,
      tag: 'Aliases',
      path: `/${id}/customer/data`,
      summary: 'Export everything known of an organization',
    },
    {
      ...eraseData,
      tag: 'Aliases',
      path: `/${id}/customer/data`,
      summary: 'Erase what is personal of an organization',
    },
  ];
}
