import type { Answer } from '../http/answer.ts';
import type { Decline } from '../core/cards.ts';

export interface StripeErrorBody {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error';
  message: string;
  code?: string;
  param?: string;
  decline_code?: string;
  doc_url?: string;
  advice_code?: string;
  charge?: string;
  payment_intent?: object;
  payment_method?: object;
  setup_intent?: object;
}

export class StripeFailure extends Error {
  readonly status: number;
  readonly body: StripeErrorBody;

  constructor(status: number, body: StripeErrorBody) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

const docs = (code: string): string => `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`;

export function invalid(
  message: string,
  options: { code?: string; param?: string; status?: number } = {},
): StripeFailure {
  const { code, param, status = 400 } = options;
  return new StripeFailure(status, {
    ...(code === undefined ? {} : { code, doc_url: docs(code) }),
    message,
    ...(param === undefined ? {} : { param }),
    type: 'invalid_request_error',
  });
}

/** 404 when the id is the request's own path, 400 when it came as a parameter. */
export function noSuch(noun: string, id: string, param: string, status: 400 | 404 = 404): StripeFailure {
  return invalid(`No such ${noun}: '${id}'`, { code: 'resource_missing', param, status });
}

const ADVICE: Readonly<Record<string, string>> = {
  lost_card: 'do_not_try_again',
  stolen_card: 'do_not_try_again',
  authentication_required: 'confirm_card_data',
};

/** 402: understood, tried, and refused by the bank. The object it happened to comes along. */
export function paymentFailure(decline: Decline, objects: Partial<StripeErrorBody> = {}): StripeFailure {
  return new StripeFailure(402, { ...cardError(decline), ...objects });
}

export function cardError(decline: Decline): StripeErrorBody {
  return {
    code: decline.code,
    ...(decline.code === 'card_declined' || decline.code === 'authentication_required'
      ? { decline_code: decline.declineCode, advice_code: ADVICE[decline.declineCode] ?? 'try_again_later' }
      : {}),
    doc_url: docs(decline.code),
    message: decline.message,
    type: 'card_error',
  };
}

export function failureAnswer(error: unknown): Answer {
  if (error instanceof StripeFailure) {
    return { status: error.status, body: { error: error.body } };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { status: 500, body: { error: { message: `An unknown error occurred: ${message}`, type: 'api_error' } } };
}
