export interface Texts {
  back: string;
  pay: string;
  subscribe: string;
  startTrial: string;
  save: string;
  email: string;
  cardNumber: string;
  expiry: string;
  expiryHint: string;
  cvc: string;
  nameOnCard: string;
  country: string;
  total: string;
  discount: string;
  tax: string;
  dueToday: string;
  quantity: string;
  per: string;
  every: string;
  intervals: Record<string, [string, string]>;
  trial: (days: number) => string;
  methods: { card: string; cash: string; spei: string };
  cashHint: string;
  speiHint: string;
  getVoucher: string;
  getClabe: string;
  testCards: string;
  testCardsHint: string;
  challengeTitle: string;
  challengeText: string;
  approve: string;
  fail: string;
  voucherTitle: { cash: string; spei: string };
  voucherText: { cash: string; spei: string };
  reference: string;
  clabe: string;
  validUntil: string;
  copy: string;
  copied: string;
  simulate: { cash: string; spei: string };
  continueTo: string;
  paidTitle: string;
  paidText: string;
  expiredTitle: string;
  expiredText: string;
  missingTitle: string;
  missingText: string;
  ribbon: string;
  errors: { number: string; expiry: string; cvc: string; email: string; name: string };
}

const en: Texts = {
  back: 'Back',
  pay: 'Pay',
  subscribe: 'Subscribe',
  startTrial: 'Start trial',
  save: 'Save card',
  email: 'Email',
  cardNumber: 'Card number',
  expiry: 'Expiry date',
  expiryHint: 'MM / YY',
  cvc: 'CVC',
  nameOnCard: 'Cardholder name',
  country: 'Country or region',
  total: 'Total',
  discount: 'Discount',
  tax: 'Tax',
  dueToday: 'Total due today',
  quantity: 'Qty',
  per: 'per',
  every: 'every',
  intervals: {
    day: ['day', 'days'],
    week: ['week', 'weeks'],
    month: ['month', 'months'],
    year: ['year', 'years'],
    half_month: ['half month', 'half months'],
  },
  trial: (days) => `${days} days free`,
  methods: { card: 'Card', cash: 'OXXO', spei: 'Bank transfer (SPEI)' },
  cashHint: 'You will get a voucher to pay in cash at any OXXO store.',
  speiHint: 'You will get a CLABE to transfer the exact amount from your bank.',
  getVoucher: 'Generate voucher',
  getClabe: 'Get transfer details',
  testCards: 'Test cards',
  testCardsHint: 'No real money moves here. Choose one to fill the form.',
  challengeTitle: 'Confirm it is you',
  challengeText:
    'The bank that issued this card asks you to approve the payment. This is a simulation of its 3-D Secure page.',
  approve: 'Approve payment',
  fail: 'Fail authentication',
  voucherTitle: { cash: 'Your OXXO voucher', spei: 'Your transfer details' },
  voucherText: {
    cash: 'Show this barcode at the till and pay in cash.',
    spei: 'Transfer exactly this amount to the CLABE below.',
  },
  reference: 'Reference',
  clabe: 'CLABE',
  validUntil: 'Valid until',
  copy: 'Copy',
  copied: 'Copied',
  simulate: { cash: 'Simulate payment at the store', spei: 'Simulate the transfer' },
  continueTo: 'Return to merchant',
  paidTitle: 'All done',
  paidText: 'This checkout has been completed. Thank you.',
  expiredTitle: 'This checkout has expired',
  expiredText: 'Nothing was charged. Go back to the merchant to start again.',
  missingTitle: 'Page not found',
  missingText: 'The checkout you are looking for does not exist. The link may be incomplete.',
  ribbon: 'Sandbox',
  errors: {
    number: 'Your card number is invalid.',
    expiry: 'Your card’s expiry date is incomplete or in the past.',
    cvc: 'Your card’s security code is incomplete.',
    email: 'Enter a valid email address.',
    name: 'Enter the name on the card.',
  },
};

const es: Texts = {
  back: 'Regresar',
  pay: 'Pagar',
  subscribe: 'Suscribirme',
  startTrial: 'Iniciar prueba',
  save: 'Guardar tarjeta',
  email: 'Correo electrónico',
  cardNumber: 'Número de tarjeta',
  expiry: 'Vencimiento',
  expiryHint: 'MM / AA',
  cvc: 'CVC',
  nameOnCard: 'Nombre en la tarjeta',
  country: 'País o región',
  total: 'Total',
  discount: 'Descuento',
  tax: 'Impuestos',
  dueToday: 'Total a pagar hoy',
  quantity: 'Cant.',
  per: 'por',
  every: 'cada',
  intervals: {
    day: ['día', 'días'],
    week: ['semana', 'semanas'],
    month: ['mes', 'meses'],
    year: ['año', 'años'],
    half_month: ['quincena', 'quincenas'],
  },
  trial: (days) => `${days} días gratis`,
  methods: { card: 'Tarjeta', cash: 'Efectivo (OXXO)', spei: 'SPEI' },
  cashHint: 'Te daremos una referencia para pagar en efectivo en la tienda.',
  speiHint: 'Te daremos una CLABE para transferir el monto exacto desde tu banco.',
  getVoucher: 'Generar referencia',
  getClabe: 'Obtener CLABE',
  testCards: 'Tarjetas de prueba',
  testCardsHint: 'Aquí no se mueve dinero real. Elige una para llenar el formulario.',
  challengeTitle: 'Confirma que eres tú',
  challengeText: 'El banco emisor pide que apruebes el pago. Esta es una simulación de su página 3-D Secure.',
  approve: 'Aprobar pago',
  fail: 'Rechazar autenticación',
  voucherTitle: { cash: 'Tu referencia de pago', spei: 'Datos para tu transferencia' },
  voucherText: {
    cash: 'Muestra este código en caja y paga en efectivo.',
    spei: 'Transfiere exactamente este monto a la CLABE.',
  },
  reference: 'Referencia',
  clabe: 'CLABE',
  validUntil: 'Válido hasta',
  copy: 'Copiar',
  copied: 'Copiado',
  simulate: { cash: 'Simular pago en tienda', spei: 'Simular la transferencia' },
  continueTo: 'Volver al comercio',
  paidTitle: 'Pago completado',
  paidText: 'Este pago ya fue completado. Gracias.',
  expiredTitle: 'Este enlace de pago expiró',
  expiredText: 'No se hizo ningún cargo. Vuelve al comercio para comenzar de nuevo.',
  missingTitle: 'Página no encontrada',
  missingText: 'El pago que buscas no existe. Tal vez el enlace está incompleto.',
  ribbon: 'Pruebas',
  errors: {
    number: 'El número de tarjeta no es válido.',
    expiry: 'La fecha de vencimiento está incompleta o ya pasó.',
    cvc: 'El código de seguridad está incompleto.',
    email: 'Escribe un correo electrónico válido.',
    name: 'Escribe el nombre que aparece en la tarjeta.',
  },
};

export function textsFor(locale: string): Texts {
  return locale.startsWith('es') ? es : en;
}
