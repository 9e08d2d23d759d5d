/** `control`: the provider that is being left. `treatment`: the one that is being moved to. */
export type Arm = 'control' | 'treatment';

/**
 * `completed`: the policy alone decides again, for the new provider serves everybody. `rolled_back`: every new customer
 * goes to the old one, until another rollout begins.
 */
export type RolloutStatus = 'running' | 'paused' | 'completed' | 'rolled_back';

/** Who of the new customers is in the treatment arm while a stage lasts. */
export type RolloutStage =
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'first'; readonly customers: number }
  | { readonly kind: 'organizations'; readonly organizations: readonly string[] };

/** What a rollout is held to; all are chosen when it begins and never change. */
export interface RolloutSettings {
  readonly stages: readonly RolloutStage[];
  /** Known outcomes per arm that a stage needs before it may advance. */
  readonly minSamples: number;
  /** How long a stage lasts at least. */
  readonly stageMinutes: number;
  /** The chance, over the whole run, that equal arms are rolled back. */
  readonly alpha: number;
  /**
   * How much of all new customers' success the next stage may cost, as a share: 0.02 is 2 points. With half of them in
   * treatment, the treatment's own rate may be 4 points lower.
   */
  readonly margin: number;
  /** At once: openings that failed, of all openings of the treatment's last minutes. */
  readonly maxErrorRate: number;
  /** At once: the 95th percentile of the treatment's webhook delay. */
  readonly maxWebhookDelayMs: number;
  /** The old provider steps in where the new one fails. */
  readonly keepsLegacyFallback: boolean;
}

/** What one arm has shown so far, out of durable attempts. An attempt whose outcome is not known counts as neither. */
export interface ArmFigures {
  readonly customers: number;
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly unknown: number;
  /** Openings that the arm's own provider did not serve. */
  readonly openings: number;
  readonly openingErrors: number;
  /** Between the provider's own time and ours, of the arm's webhooks; null: none tells. */
  readonly webhookDelayMs: { readonly p50: number; readonly p95: number; readonly count: number } | null;
  /** From the request until the page could be paid. */
  readonly checkoutMs: { readonly p50: number; readonly p95: number; readonly count: number } | null;
}

export type RolloutDecision = 'hold' | 'advance' | 'complete' | 'roll_back';
