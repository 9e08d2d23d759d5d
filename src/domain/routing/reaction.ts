import type { ErrorKind } from '../errors.ts';
import type { FallbackReason } from './route.ts';

/**
 * What is done about a provider's no. `retry`: once more there, with the same key. `step_up`: the buyer must confirm.
 * `stop`: nobody is asked any more, for no other provider can mend it.
 */
export const reactions = ['retry', 'next_provider', 'step_up', 'stop'] as const;
export type Reaction = (typeof reactions)[number];

/** What the caller is told after a `stop`: codes of our own catalogue. */
export const stopRefusals = [
  'discount_code_unknown',
  'amount_out_of_range',
  'email_invalid',
  'already_subscribed',
  'provider_refused',
] as const;
export type StopRefusal = (typeof stopRefusals)[number];

/** A line of a provider's error map. Everything it names must fit. */
export interface ErrorMapEntry {
  /** The provider's code, the end of a dotted one, or our code for it. */
  readonly code?: string | undefined;
  /** An HTTP status, or a class of them. */
  readonly status?: number | '4xx' | '5xx' | undefined;
  /** A segment of the dotted path of what the provider complains about. */
  readonly param?: string | undefined;
  readonly reaction: Reaction;
  /** Only with `stop`; `provider_refused` where it is absent. */
  readonly refusal?: StopRefusal | undefined;
  /** One line for who reads the map. */
  readonly because: string;
  /** Where it stands in the provider's documents. */
  readonly source: string;
}

/** A provider's errors, most specific first: the first line that fits holds. */
export interface ErrorMap {
  /** Whether the same key never does the work twice there, so that even an unclear call may be repeated. */
  readonly repeatsByKey: boolean;
  readonly errors: readonly ErrorMapEntry[];
}

/** What went wrong, as far as the map asks. */
export interface MappedFault {
  /** `unknown`: the work may have been done. Everything else: it surely was not. */
  readonly kind: ErrorKind | 'unknown';
  /** Ours. */
  readonly code: string | null;
  readonly providerCode: string | null;
  readonly status: number | null;
  readonly param: string | null;
}

export interface MappedReaction {
  readonly reaction: Reaction;
  /** Not null after `stop`. */
  readonly refusal: StopRefusal | null;
  readonly because: string;
}

/** What holds where the map says nothing. */
export const defaultReactions: Readonly<Record<MappedFault['kind'], Reaction>> = {
  invalid: 'next_provider', // one provider's limits are not another's
  not_found: 'next_provider',
  conflict: 'next_provider',
  forbidden: 'next_provider',
  rate_limited: 'next_provider',
  unavailable: 'next_provider',
  unknown: 'next_provider', // for what nobody was given; a charge is asked about first
  bug: 'stop',
};

/**
 * Looks a fault up. A `retry` of what may have been done becomes `next_provider` where a repeat could do it twice.
 *
 * @param map null: the provider has none.
 */
export function reactionTo(map: ErrorMap | null, fault: MappedFault): MappedReaction {
  const entry = map?.errors.find((each) => fits(each, fault));
  const reaction = entry?.reaction ?? defaultReactions[fault.kind];
  const because = entry?.because ?? `the default for ${fault.kind}`;
  if (reaction === 'retry' && fault.kind === 'unknown' && map?.repeatsByKey !== true)
    return { reaction: 'next_provider', refusal: null, because: 'a repeat could do it twice' };
  return { reaction, refusal: reaction === 'stop' ? (entry?.refusal ?? 'provider_refused') : null, because };
}

function fits(entry: ErrorMapEntry, fault: MappedFault): boolean {
  const { code, status, param } = entry;
  if (code !== undefined && !isCode(code, fault)) return false;
  if (status !== undefined && !isStatus(status, fault.status)) return false;
  return param === undefined || (fault.param?.split('.').includes(param) ?? false);
}

function isCode(code: string, { code: own, providerCode }: MappedFault): boolean {
  return code === own || code === providerCode || (providerCode?.endsWith(`.${code}`) ?? false);
}

function isStatus(wanted: NonNullable<ErrorMapEntry['status']>, status: number | null): boolean {
  if (status === null) return false;
  return typeof wanted === 'number' ? wanted === status : wanted === `${Math.floor(status / 100)}xx`;
}

/** Why another provider steps in, as it is told: the fallback's reason for an error that surely did nothing. */
export function fallbackReasonOf(kind: ErrorKind): FallbackReason {
  return kind === 'rate_limited' || kind === 'unavailable' ? kind : 'api_error';
}
