import { Webhook } from 'standardwebhooks';
import { request, type Dispatcher } from 'undici';
import { envelopeOf, type ToldEvent } from '../../domain/outbound/envelope.ts';
import { faultOfUrl, type EgressRules } from '../../egress/egress-rules.ts';
import { ForbiddenAddressError } from '../../egress/guarded-agent.ts';

/** What an attempt came to. The receiver's own words are not kept: they may hold anything. */
export type Attempt =
  | { readonly outcome: 'delivered'; readonly status: number }
  /** 410: it wants nothing more, ever. */
  | { readonly outcome: 'gone'; readonly status: number; readonly why: string }
  | { readonly outcome: 'failed'; readonly status: number | null; readonly why: string };

export interface SendOptions {
  readonly agent: Dispatcher;
  readonly rules: EgressRules;
  /** Over connecting, answer and all. */
  readonly timeoutMs: number;
}

const maxAnswerBytes = 4 * 1024;

/**
 * Sends an event once, in the Standard Webhooks form. Every secret signs, so that a receiver may change to the new one
 * at any time of a rotation. The body is the same to the byte at each attempt. Redirects are answers like any other.
 *
 * @param secrets At least one, `whsec_…`.
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export async function sendEvent(
  event: ToldEvent,
  target: { readonly url: string; readonly secrets: readonly string[] },
  options: SendOptions,
): Promise<Attempt> {
  // It was right when it was set; the rules of this deployment may have become stricter.
  const fault = faultOfUrl(target.url, options.rules);
  if (fault !== null) return { outcome: 'failed', status: null, why: `the URL must ${fault}` };
  const body = JSON.stringify(envelopeOf(event));
  const now = new Date();
  try {
    const answer = await request(target.url, {
      dispatcher: options.agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Plinto-Billing',
        'webhook-id': event.id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': target.secrets.map((secret) => new Webhook(secret).sign(event.id, now, body)).join(' '),
      },
      body,
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    // The status has said it; the rest is read only so that the connection can be used again.
    await answer.body.dump({ limit: maxAnswerBytes }).catch(() => undefined);
    return attemptOf(answer.statusCode);
  } catch (error) {
    return { outcome: 'failed', status: null, why: whyOf(error, options.timeoutMs) };
  }
}

function attemptOf(status: number): Attempt {
  if (status >= 200 && status < 300) return { outcome: 'delivered', status };
  if (status === 410) return { outcome: 'gone', status, why: 'it answered 410 Gone' };
  const isRedirect = status >= 300 && status < 400;
  return { outcome: 'failed', status, why: `it answered ${status}${isRedirect ? '; redirects are not followed' : ''}` };
}

/** A clause of our own words: an error's message may quote the URL. */
function whyOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'no connection';
  if (error instanceof ForbiddenAddressError) return error.message;
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return `no answer within ${timeoutMs / 1000} s`;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  return `no connection, or it broke (${code})`;
}
