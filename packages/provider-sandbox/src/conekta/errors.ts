import type { Answer } from '../http/answer.ts';
import type { Decline } from '../core/cards.ts';
import { hex } from '../core/ids.ts';

export type Language = 'es' | 'en';

interface Problem {
  status: number;
  type: string;
  code: string;
  debug: string;
  message: Record<Language, string>;
  param?: string;
  data?: object;
}

export class ConektaFailure extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.debug);
    this.problem = problem;
  }
}

export function notFound(noun: string, id: string): ConektaFailure {
  return new ConektaFailure({
    status: 404,
    type: 'resource_not_found_error',
    code: 'resource_not_found.entity',
    debug: `The object ${noun} "${id}" could not be found.`,
    message: { es: 'El recurso no ha sido encontrado.', en: 'The resource was not found.' },
  });
}

export function invalid(param: string, code: string, debug: string, es: string): ConektaFailure {
  return new ConektaFailure({
    status: 422,
    type: 'parameter_validation_error',
    code: `parameter_validation.${code}`,
    param,
    debug,
    message: { es, en: debug },
  });
}

export function precondition(code: string, debug: string, es: string): ConektaFailure {
  return new ConektaFailure({
    status: 428,
    type: 'precondition_required_error',
    code,
    debug,
    message: { es, en: debug },
  });
}

const DECLINES: Record<string, { code: string; es: string; en: string }> = {
  insufficient_funds: {
    code: 'processing.bank.insufficient_funds',
    es: 'La tarjeta no tiene fondos suficientes.',
    en: 'The card has insufficient funds.',
  },
  authentication_required: {
    code: 'processing.charge.card_payment.declined_by_3ds',
    es: 'No pudimos autenticar el pago con el banco emisor.',
    en: 'The payment could not be authenticated with the issuing bank.',
  },
};
const PLAIN_DECLINE = {
  code: 'processing.bank.declined',
  es: 'La tarjeta fue declinada por el banco emisor.',
  en: 'The card was declined by the issuing bank.',
};

/** A charge's `failure_code`, which a 402 repeats after `conekta.errors.`. */
export const failureCodeOf = ({ declineCode }: Decline): string => (DECLINES[declineCode] ?? PLAIN_DECLINE).code;

export function messagesOf({ declineCode }: Decline): Record<Language, string> {
  const { es, en } = DECLINES[declineCode] ?? PLAIN_DECLINE;
  return { es, en };
}

/** 402 with the whole order that was created all the same. */
export function declined(decline: Decline, order: object): ConektaFailure {
  const message = messagesOf(decline);
  return new ConektaFailure({
    status: 402,
    type: 'processing_error',
    code: failureCodeOf(decline),
    debug: message.en,
    message,
    data: order,
  });
}

export function problemAnswer(problem: Problem, language: Language): Answer {
  const { status, type, code, debug, message, param, data } = problem;
  const details = [
    { debug_message: debug, message: message[language], param: param ?? null, code: `conekta.errors.${code}` },
  ];
  return { status, body: { details, object: 'error', type, log_id: hex(24), ...(data === undefined ? {} : { data }) } };
}

export function failureAnswer(error: unknown, language: Language): Answer {
  if (error instanceof ConektaFailure) return problemAnswer(error.problem, language);
  const debug = error instanceof Error ? error.message : String(error);
  return problemAnswer(generalFailure(500, debug), language);
}

export const generalFailure = (status: number, debug: string): Problem => ({
  status,
  type: 'api_error',
  code: 'api.system.general_failure',
  debug,
  message: {
    es: 'Ocurrió un error y los ingenieros de Conekta han sido notificados.',
    en: 'There was a runtime error and Conekta engineers have been notified.',
  },
});
