/** What a person reads on each provider's page. */
const en = {
  number: 'Card number',
  expiry: 'Expiry date',
  cvc: 'CVC',
  name: 'Cardholder name',
  email: 'Email',
  testCards: 'Test cards',
  pay: /^(Pay|Subscribe)/,
  back: 'Back',
  approve: 'Approve payment',
  fail: 'Fail authentication',
  onward: 'Return to merchant',
  done: 'All done',
  expired: 'This checkout has expired',
  badNumber: 'Your card number is invalid.',
  badExpiry: 'Your card’s expiry date is incomplete or in the past.',
  badCvc: 'Your card’s security code is incomplete.',
  badName: 'Enter the name on the card.',
  declined: 'declined',
  notAuthenticated: 'authenticate',
};

const es: typeof en = {
  number: 'Número de tarjeta',
  expiry: 'Vencimiento',
  cvc: 'CVC',
  name: 'Nombre en la tarjeta',
  email: 'Correo electrónico',
  testCards: 'Tarjetas de prueba',
  pay: /^(Pagar|Suscribirme)/,
  back: 'Regresar',
  approve: 'Aprobar pago',
  fail: 'Rechazar autenticación',
  onward: 'Volver al comercio',
  done: 'Pago completado',
  expired: 'Este enlace de pago expiró',
  badNumber: 'El número de tarjeta no es válido.',
  badExpiry: 'La fecha de vencimiento está incompleta o ya pasó.',
  badCvc: 'El código de seguridad está incompleto.',
  badName: 'Escribe el nombre que aparece en la tarjeta.',
  declined: 'declinada',
  notAuthenticated: 'autenticar',
};

export type Words = typeof en;

export const PLACES = [
  { country: 'US', provider: 'polar', words: en, threeDSecure: '4000 0027 6000 3184' },
  { country: 'MX', provider: 'conekta', words: es, threeDSecure: '4000 0000 0000 1091' },
  { country: 'RU', provider: 'stripe', words: en, threeDSecure: '4000 0027 6000 3184' },
] as const;

export const GOOD_CARD = '4242 4242 4242 4242';
export const BAD_CARD = '4000 0000 0000 0002';
