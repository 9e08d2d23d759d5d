import type { Dispatcher } from 'undici';
import { liveSecrets, openEndpointSecrets } from '../../crypto/endpoint-secrets.ts';
import type { KeyRing } from '../../crypto/key-ring.ts';
import type { Db } from '../../db/orm.ts';
import type { EgressRules } from '../../egress/egress-rules.ts';
import type { Logger } from '../../logger.ts';
import { claimDeliveries, type ClaimedDelivery } from './claim-deliveries.ts';
import { postpone, recordAttempt } from './record-attempt.ts';
import { sendEvent } from './send-event.ts';

export interface CourierDeps {
  readonly em: () => Db;
  readonly keyRing: KeyRing;
  /** Guarded: see src/egress. */
  readonly agent: Dispatcher;
  readonly rules: EgressRules;
  readonly logger: Logger;
}

export interface CourierLimits {
  readonly inFlight: number;
  readonly perEndpoint: number;
  readonly perFailingEndpoint: number;
  readonly timeoutMs: number;
  /** Well above `timeoutMs`: one that is given to another relay must no longer be under way here. */
  readonly leaseMs: number;
}

export const courierLimits: CourierLimits = {
  inFlight: 256,
  perEndpoint: 8,
  perFailingEndpoint: 2,
  timeoutMs: 10_000,
  leaseMs: 30_000,
};

/** Carries outbound events to the endpoints of projects. */
export interface Courier {
  /** Takes what is due and has room, and begins to send it. @returns how many it took. */
  deliver(): Promise<number>;
  /** Resolves when nothing is under way any more. */
  settle(): Promise<void>;
}

const ownFaultWaitMs = 60_000;

/**
 * At least once, and in order for each object and endpoint. Endpoints do not wait for each other: each has its own room.
 *
 * @param onRoom Called when one has ended: there may be more to take.
 */
export function createCourier(deps: CourierDeps, onRoom: () => void, limits: CourierLimits = courierLimits): Courier {
  const busy = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  return {
    async deliver() {
      const room = limits.inFlight - underWay.size;
      if (room <= 0) return 0;
      const claimed = await claimDeliveries(deps.em(), { ...limits, limit: room, busy });
      for (const delivery of claimed) begin(delivery);
      return claimed.length;
    },
    async settle() {
      await Promise.all(underWay);
    },
  };

  function begin(delivery: ClaimedDelivery): void {
    const { id } = delivery.endpoint;
    busy.set(id, (busy.get(id) ?? 0) + 1);
    const carrying = carry(deps, limits, delivery).finally(() => {
      const left = (busy.get(id) ?? 1) - 1;
      if (left > 0) busy.set(id, left);
      else busy.delete(id);
      underWay.delete(carrying);
      onRoom();
    });
    underWay.add(carrying);
  }
}

/** Never rejects: what cannot be recorded is given back by its lease. */
async function carry(deps: CourierDeps, limits: CourierLimits, delivery: ClaimedDelivery): Promise<void> {
  const about = { event: delivery.event.id, endpoint: delivery.endpoint.id, attempt: delivery.attempts };
  try {
    const secrets = secretsOf(deps, delivery);
    if (secrets === null) {
      deps.logger.error(about, 'an endpoint’s secrets cannot be opened: is its key still in ENCRYPTION_KEYS?');
      await postpone(deps.em(), delivery, ownFaultWaitMs);
      return;
    }
    const { agent, rules } = deps;
    const target = { url: delivery.endpoint.url, secrets };
    const attempt = await sendEvent(delivery.event, target, { agent, rules, timeoutMs: limits.timeoutMs });
    const { retryInMs, disabledFor } = await recordAttempt(deps.em(), delivery, attempt);
    if (attempt.outcome === 'delivered') return;
    const { status, why } = attempt;
    // Of the URL only the host: paths and queries may hold what only the two of us should know.
    const { host } = new URL(delivery.endpoint.url);
    deps.logger.warn(
      { ...about, host, status, why, retry_in_ms: retryInMs, disabled_for: disabledFor },
      'an outbound event was not taken',
    );
  } catch (error) {
    deps.logger.error({ ...about, err: error }, 'an outbound event’s outcome could not be recorded');
  }
}

function secretsOf({ keyRing }: CourierDeps, { endpoint }: ClaimedDelivery): readonly string[] | null {
  try {
    const secrets = liveSecrets(openEndpointSecrets(keyRing, endpoint, endpoint.secrets), new Date());
    return secrets.length > 0 ? secrets : null;
  } catch {
    return null;
  }
}
