import type { Base, Strings } from './objects.ts';

export interface Meter extends Base {
  display_name: string;
  event_name: string;
  status: 'active' | 'inactive';
  default_aggregation: { formula: 'sum' | 'count' | 'last' };
  customer_mapping: { event_payload_key: string; type: 'by_id' };
  value_settings: { event_payload_key: string };
}

/** A counted usage event; ones that fail later checks are reported and not kept here. */
export interface Usage {
  id: string;
  meter: string;
  customer: string;
  value: number;
  atS: number;
  receivedMs: number;
  isCanceled: boolean;
}

export interface PortalConfiguration extends Base {
  active: boolean;
  is_default: boolean;
  features: Record<string, Record<string, unknown>>;
  default_return_url: string | null;
  metadata: Strings;
}

export interface PortalSession extends Base {
  configuration: string;
  customer: string;
  flow: { type: string; [field: string]: unknown } | null;
  return_url: string | null;
  locale: string | null;
  url: string;
}

export interface EventDestination {
  id: string;
  created: string;
  enabled_events: string[];
  event_payload: 'snapshot' | 'thin';
  status: 'enabled' | 'disabled';
  signingSecret: string;
  url: string;
  [field: string]: unknown;
}

export interface ThinEvent {
  id: string;
  created: string;
  type: string;
  related_object: { id: string; type: string; url: string } | null;
  /** Only in the fetched event, never in what is sent. */
  data: object | null;
  [field: string]: unknown;
}

export interface TestClock extends Base {
  frozen_time: number;
  status: 'ready' | 'advancing' | 'internal_failure';
}

export interface SchedulePhase {
  currency: string;
  start_date: number;
  end_date: number;
  items: { price: string; quantity: number }[];
  [field: string]: unknown;
}

export interface SubscriptionSchedule extends Base {
  phases: SchedulePhase[];
  current_phase: { start_date: number; end_date: number } | null;
  status: 'active' | 'released' | 'canceled' | 'completed';
  subscription: string | null;
}

export interface Dispute extends Base {
  amount: number;
  charge: string;
  payment_intent: string | null;
  currency: string;
  reason: string;
  status: string;
  evidence: Record<string, unknown>;
  evidence_details: {
    due_by: number;
    has_evidence: boolean;
    past_due: boolean;
    submission_count: number;
    [field: string]: unknown;
  };
  metadata: Strings;
}

export interface EarlyFraudWarning extends Base {
  charge: string;
  payment_intent: string | null;
}
