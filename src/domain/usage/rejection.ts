/** Why an item, or an event that no meter counts, was not billed: for people. */
export interface Rejection {
  readonly why: string;
  /** What makes it reportable; the report is retried then. */
  readonly fix: string;
}

/** By the codes that are ours; all others are a provider's own. */
export const ourRejections: Readonly<Record<string, Rejection>> = {
  no_meter_matched: {
    why: 'No meter counts these events: their properties pass no filter, or the property that is counted is missing.',
    fix: 'Make a meter whose filter they pass, before more of them come. These stay unbilled.',
  },
  not_billed: {
    why: 'Nobody bills the organization: it had no live subscription with a provider when the report was made.',
    fix: 'Subscribe it to a plan of a provider that meters, then retry the report; a free plan needs nothing.',
  },
  customer_unknown: {
    why: 'The organization has a subscription, but no customer at the provider that bills it.',
    fix: 'Reconcile the provider’s account, which reads the customer again; then retry the report.',
  },
  not_supported_by_provider: {
    why: 'The provider that bills the organization has no meters.',
    fix: 'Bill this usage by hand, or move the organization to a provider that meters and retry the report.',
  },
  aggregation_not_supported: {
    why: 'The provider’s meters cannot aggregate like this one.',
    fix: 'Make a meter with an aggregation that the provider has; this usage stays unbilled there.',
  },
  too_late: {
    why: 'The billing period it belongs to is closed at the provider, or it is older than the provider takes.',
    fix: 'Bill it by hand, or send the same events with a time in the current period.',
  },
  nothing_to_correct: {
    why: 'Less was used than came before, but nothing of that hour was told to the provider.',
    fix: 'Retry what was rejected of that hour first, then this; else nothing has to be billed.',
  },
  meter_conflict: {
    why: 'The provider has another meter for these events, which counts them in another way.',
    fix: 'Archive that meter at the provider, or make one here under another key; then retry the report.',
  },
  correction_too_late: {
    why: 'The provider no longer takes back what it was told.',
    fix: 'Credit the difference to the customer by hand.',
  },
};

/** The code of events that no meter counts. */
export const unmeteredCode = 'no_meter_matched';

/** @param detail The provider's words, where it gave any. */
export function rejectionOf(code: string, detail: string | null): Rejection {
  return (
    ourRejections[code] ?? {
      why: detail ?? `The provider refused it: ${code}.`,
      fix: 'Mend at the provider, or in the organization, what its reason names; then retry the report.',
    }
  );
}
