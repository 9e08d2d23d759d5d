import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';
import type { CheckoutStatus } from '../domain/checkout/transition.ts';

/** What operators filter by in the Temporal UI; all keyword, none personal. */
export const searchAttributes = {
  project: defineSearchAttributeKey('Project', SearchAttributeType.KEYWORD),
  organization: defineSearchAttributeKey('Organization', SearchAttributeType.KEYWORD),
  provider: defineSearchAttributeKey('Provider', SearchAttributeType.KEYWORD),
  status: defineSearchAttributeKey('BillingStatus', SearchAttributeType.KEYWORD),
  country: defineSearchAttributeKey('Country', SearchAttributeType.KEYWORD),
  kind: defineSearchAttributeKey('Kind', SearchAttributeType.KEYWORD),
};

/** What a checkout nearly always becomes within a second, shown from its start; only what comes otherwise is upserted. */
export function expectedAttributes(input: { readonly attempts: readonly string[] }): {
  readonly status: CheckoutStatus;
  readonly provider: string | null;
} {
  return { status: 'open', provider: input.attempts[0] ?? null };
}

/** Attributes given at the start of any workflow of ours. */
export function startAttributes(input: {
  readonly projectId: string;
  readonly organizationId: string;
  readonly kind: string;
  readonly status: string;
  readonly provider: string | null;
  readonly country: string | null;
}): SearchAttributePair[] {
  const pairs: SearchAttributePair[] = [
    { key: searchAttributes.project, value: input.projectId },
    { key: searchAttributes.organization, value: input.organizationId },
    { key: searchAttributes.kind, value: input.kind },
    { key: searchAttributes.status, value: input.status },
  ];
  if (input.provider !== null) pairs.push({ key: searchAttributes.provider, value: input.provider });
  if (input.country !== null) pairs.push({ key: searchAttributes.country, value: input.country });
  return pairs;
}

/** Of a workflow about a project's account, which is nobody's organization. */
export function accountAttributes(input: {
  readonly projectId: string;
  readonly provider: string;
}): SearchAttributePair[] {
  return [
    { key: searchAttributes.project, value: input.projectId },
    { key: searchAttributes.provider, value: input.provider },
    { key: searchAttributes.kind, value: 'provider-account' },
  ];
}

/** Of a run over a project's account. */
export function runAttributes(input: {
  readonly projectId: string;
  readonly provider: string;
  readonly kind: string;
  readonly status: string;
}): SearchAttributePair[] {
  return [
    { key: searchAttributes.project, value: input.projectId },
    { key: searchAttributes.provider, value: input.provider },
    { key: searchAttributes.kind, value: input.kind },
    { key: searchAttributes.status, value: input.status },
  ];
}

/** Of a run over a whole project, at all its providers. */
export function projectAttributes(input: {
  readonly projectId: string;
  readonly kind: string;
  readonly status: string;
}): SearchAttributePair[] {
  return [
    { key: searchAttributes.project, value: input.projectId },
    { key: searchAttributes.kind, value: input.kind },
    { key: searchAttributes.status, value: input.status },
  ];
}
