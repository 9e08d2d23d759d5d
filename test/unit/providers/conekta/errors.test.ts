import { describe, expect, it } from 'vitest';
import { ConektaDeclinedError, conektaErrorOf, declineCodeOf } from '../../../../src/providers/conekta/errors.ts';
import declined from '../../../fixtures/conekta/error-declined.json' with { type: 'json' };

const reply = (status: number, code: string, message = 'Algo salió mal.', more: Record<string, unknown> = {}) => ({
  status,
  headers: {},
  text: JSON.stringify({
    object: 'error',
    type: 'x_error',
    details: [{ code: `conekta.errors.${code}`, message }],
    ...more,
  }),
});

describe('errors of Conekta', () => {
  it('keeps the order that a decline has made, and the reason of its charge', () => {
    const error = conektaErrorOf({ status: 402, headers: {}, text: JSON.stringify(declined) });
    if (!(error instanceof ConektaDeclinedError)) throw error;
    expect(error.order?.id).toBe('ord_2tUyQmZyykejbbw8m');
    expect(error).toMatchObject({ providerCode: 'suspected_fraud', declineCode: 'suspected_fraud', kind: 'invalid' });
  });

  it('passes fixed Spanish texts on, and nothing that may repeat what was sent', () => {
    const text = 'Tu método de pago ha sido rechazado, intenta con otro método.';
    expect(conektaErrorOf(reply(402, 'processing.bank.declined', text)).details).toMatchObject({
      provider_message: text,
    });
    for (const leaking of [
      'El correo ada@example.com es inválido.',
      'La tarjeta 4242 fue rechazada.',
      'El nombre "Ada".',
    ])
      expect(conektaErrorOf(reply(402, 'processing.bank.declined', leaking)).details).not.toHaveProperty(
        'provider_message',
      );
    expect(conektaErrorOf(reply(422, 'parameter_validation.email', text)).details).not.toHaveProperty(
      'provider_message',
    );
  });

  it.each([
    [402, 'processing.tokenization.used'],
    [422, 'parameter_validation.token_id.nonexistent_token'],
  ])('knows a dead token by %i %s', (status, code) => {
    expect(conektaErrorOf(reply(status, code))).toMatchObject({ code: 'token_invalid', kind: 'invalid' });
  });

  it.each([
    ['conekta.errors.processing.bank.insufficient_funds', 'insufficient_funds'],
    ['processing.bank.invalid_card_security_code', 'incorrect_cvc'],
    ['processing.bank.invalid_card', 'incorrect_number'],
    ['processing.charge.card_payment.declined_by_3ds', 'authentication_failed'],
    ['processing.charge.card_payment.suspicious_behaviour', 'suspected_fraud'],
    ['processing.bank.call_issuer', 'call_issuer'],
    ['restricted_card', 'card_not_supported'],
    ['something_new', 'generic_decline'],
    [null, 'generic_decline'],
  ])('reads %s as %s', (code, expected) => {
    expect(declineCodeOf(code)).toBe(expected);
  });
});
