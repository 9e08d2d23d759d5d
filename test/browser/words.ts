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

/** What a customer reads in a portal: Conekta's is in Spanish. */
const portalEn = {
  lang: /^en/,
  card: en,
  subscriptions: 'Subscriptions',
  active: 'Active',
  methods: 'Payment methods',
  invoices: 'Invoices',
  paid: 'Paid',
  cancel: 'Cancel subscription',
  asked: 'until the end of the period',
  confirm: 'Yes, cancel it',
  canceled: 'Your subscription has been canceled.',
  addCard: 'Add a card',
  saveCard: 'Save card',
  gone: 'Page not found',
};

const portalEs: typeof portalEn = {
  lang: /^es/,
  card: es,
  subscriptions: 'Suscripciones',
  active: 'Activa',
  methods: 'Métodos de pago',
  invoices: 'Recibos',
  paid: 'Pagado',
  cancel: 'Cancelar suscripción',
  asked: 'Termina ahora mismo',
  confirm: 'Sí, cancelarla',
  canceled: 'Tu suscripción fue cancelada.',
  addCard: 'Agregar una tarjeta',
  saveCard: 'Guardar tarjeta',
  gone: 'Página no encontrada',
};

export const portalWordsOf = (provider: string): typeof portalEn => (provider === 'conekta' ? portalEs : portalEn);
