import Stripe from 'stripe';
import type { z } from 'zod';
import { OutcomeUnknownError } from '../failures.ts';
import { createTransport, startBudget, type Budget } from '../http.ts';
import type { HttpSettings } from '../port.ts';
import { API_VERSION } from './api-version.ts';
import { isStoredFailure, isStripeCode, stripeErrorOf } from './errors.ts';
import { createStripeHttpClient } from './http-client.ts';

export const STRIPE_HOST = 'https://api.stripe.com';

export interface StripeCall<Schema extends z.ZodType> {
  readonly operation: string;
  readonly reply: Schema;
  readonly budget: Budget;
  /**
   * For POSTs that make or charge something: at most 255 characters, kept by Stripe for 24 hours. What only sets a state
   * goes without: Stripe answers a key with its first answer, a 500 too, and repeating such a call is harmless.
   */
  readonly key?: string;
  /**
   * Whether a failure that Stripe keeps under the key is followed by the same call without it, at once. `true`: a second
   * one harms nobody, or changes nothing. A question: Stripe is asked whether it was done. Absent for what would move
   * money twice: its caller looks, waits, looks again and takes the next key.
   */
  readonly isRepeatable?: boolean | (() => Promise<boolean>);
  readonly send: (stripe: Stripe, options: Stripe.RequestOptions) => Promise<unknown>;
}

export interface StripeApi {
  /** One attempt. @throws {BillingError} by the table in errors.ts. */
  call<Schema extends z.ZodType>(input: StripeCall<Schema>): Promise<z.output<Schema>>;
  /** The same, but null for `resource_missing`. */
  find<Schema extends z.ZodType>(input: StripeCall<Schema>): Promise<z.output<Schema> | null>;
  budget(): Budget;
}

export function createStripeApi(input: {
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly http: HttpSettings;
}): StripeApi {
  const { http } = input;
  // Their times are reported here, where their name is known.
  const { onCall: _, ...settings } = http;
  const transport = createTransport(settings);
  const stripe = new Stripe(input.apiKey, {
    httpClient: createStripeHttpClient(transport, input.baseUrl),
    apiVersion: API_VERSION,
    maxNetworkRetries: 0,
    telemetry: false,
    timeout: http.timeoutMs,
  });
  const once: StripeApi['call'] = async ({ operation, reply, budget, key, send }) => {
    const startedAt = performance.now();
    const report = (outcome: string): void =>
      http.onCall?.({ operation, durationMs: performance.now() - startedAt, outcome });
    let body: unknown;
    try {
      const options = { timeout: budget.remainingMs(), maxNetworkRetries: 0 };
      body = await send(stripe, key === undefined ? options : { ...options, idempotencyKey: key.slice(0, 255) });
    } catch (error) {
      const mapped = stripeErrorOf(error);
      const { status, provider_code: providerCode } = mapped.details;
      report([status, providerCode].find(isTold)?.toString() ?? mapped.code);
      throw mapped;
    }
    report('200');
    const parsed = reply.safeParse(body);
    if (parsed.success) return parsed.data;
    const param = parsed.error.issues[0]?.path.join('.') ?? null;
    throw new OutcomeUnknownError('api_error', {
      provider: 'stripe',
      status: 200,
      providerCode: 'unreadable_answer',
      param,
    });
  };
  const call: StripeApi['call'] = async ({ key, isRepeatable = false, ...request }) => {
    if (key === undefined) return once(request);
    try {
      return await once({ ...request, key });
    } catch (error) {
      if (!isStoredFailure(error)) throw error;
      if (!(typeof isRepeatable === 'function' ? await isRepeatable() : isRepeatable)) throw error;
      return once(request);
    }
  };
  return {
    call,
    find: (request) =>
      call(request).catch((error: unknown) => {
        if (isStripeCode(error, 'resource_missing')) return null;
        throw error;
      }),
    budget: () => startBudget(http.timeoutMs),
  };
}

function isTold(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
