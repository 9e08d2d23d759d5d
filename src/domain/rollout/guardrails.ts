import { logUpperTail } from './log-space.ts';
import type { RolloutSettings } from './rollout.ts';
import { percent } from './words.ts';

/** What the last minutes have shown of the treatment's provider, counted anew at each look. */
export interface RecentHealth {
  /** The newest openings of the treatment arm: at most `recentOpenings`, none older than a day. */
  readonly openings: number;
  /** Of these: not served by the treatment's provider. */
  readonly openingErrors: number;
  /** The same of the control arm: what fails at both is not the treatment's fault. */
  readonly control: { readonly openings: number; readonly openingErrors: number };
  /** Of the webhooks that the treatment's provider sent in the last hour; null: none tells its time. */
  readonly webhookDelayMs: { readonly p95: number; readonly count: number } | null;
  /** Since the last webhook of the treatment's provider, or since the rollout began where none ever came. */
  readonly minutesWithoutWebhook: number;
  /** Treatment's checkouts that were settled in these minutes: by asking, for no webhook told. */
  readonly settledWithoutWebhook: number;
  /** Since when the breaker of the treatment's account is not closed; null: it is closed. */
  readonly breakerOpenMinutes: number | null;
}

/** So many openings are looked at: in a busy minute just as on a quiet day the newest that mean something. */
export const recentOpenings = 50;

/** A p95 of fewer is the slowest one alone. */
export const leastWebhooks = 20;

/** Checkouts settled without any webhook: three may be three buyers at once, five in half an hour are a broken route. */
export const leastSettledWithoutWebhook = 5;
export const silenceMinutes = 30;

/** A breaker opens for a minute at most at a time: open for ten, the provider is down and not stumbling. */
export const breakerMinutes = 10;

/** An error rate is above its limit when so many errors would come by chance at the limit once in a thousand looks. */
const logSurprise = Math.log(0.001);

/** Why the new provider has to be left at once, whatever the success rates say. null: no reason. */
export function brokenGuardrail(settings: RolloutSettings, recent: RecentHealth): string | null {
  return brokenErrorRate(settings, recent) ?? brokenWebhooks(settings, recent) ?? brokenBreaker(recent);
}

function brokenErrorRate({ maxErrorRate }: RolloutSettings, recent: RecentHealth): string | null {
  const { openings, openingErrors, control } = recent;
  if (!isAbove(maxErrorRate, openings, openingErrors)) return null;
  if (isAbove(maxErrorRate, control.openings, control.openingErrors)) return null;
  return `${openingErrors} of the newest ${openings} openings failed; at most ${percent(maxErrorRate)} may.`;
}

function isAbove(limit: number, openings: number, errors: number): boolean {
  return errors > openings * limit && logUpperTail(openings, errors, limit) < logSurprise;
}

function brokenWebhooks({ maxWebhookDelayMs }: RolloutSettings, recent: RecentHealth): string | null {
  const { webhookDelayMs: delay, minutesWithoutWebhook: minutes, settledWithoutWebhook: settled } = recent;
  if (delay !== null && delay.count >= leastWebhooks && delay.p95 > maxWebhookDelayMs) {
    return `Webhooks come ${seconds(delay.p95)} late (95th percentile of ${delay.count}); at most ${seconds(maxWebhookDelayMs)} is allowed.`;
  }
  if (minutes < silenceMinutes || settled < leastSettledWithoutWebhook) return null;
  return `No webhook for ${Math.floor(minutes)} minutes, while ${settled} checkouts came to an end.`;
}

function brokenBreaker({ breakerOpenMinutes: minutes }: RecentHealth): string | null {
  return minutes === null || minutes < breakerMinutes
    ? null
    : `The account's breaker has been open for ${Math.floor(minutes)} minutes.`;
}

const seconds = (ms: number) => `${Number((ms / 1_000).toFixed(1))} s`;
