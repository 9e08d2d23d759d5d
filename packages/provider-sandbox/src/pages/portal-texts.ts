import type { PortalAction } from '../portal.ts';

export interface PortalTexts {
  title: string;
  subscriptions: string;
  noSubscriptions: string;
  renews: string;
  ends: string;
  ended: string;
  actions: Record<'cancel' | 'undo_cancel' | 'pause' | 'resume', string>;
  confirmCancel: string;
  confirmCancelNow: string;
  confirmCancelButton: string;
  paymentMethods: string;
  noPaymentMethods: string;
  isDefault: string;
  makeDefault: string;
  remove: string;
  addCard: string;
  saveCard: string;
  forSubscription: string;
  forAll: string;
  invoices: string;
  noInvoices: string;
  view: string;
  columns: { date: string; number: string; amount: string; status: string };
  done: Record<PortalAction['kind'], string>;
  invalidAction: string;
  elsewhere: string;
  invoice: string;
  billedTo: string;
  issued: string;
  quantity: string;
  description: string;
  subtotal: string;
  tax: string;
  total: string;
  paid: string;
  refunded: string;
  due: string;
  pay: string;
  download: string;
  thanks: string;
  statuses: Record<string, string>;
}

const en: PortalTexts = {
  title: 'Your billing',
  subscriptions: 'Subscriptions',
  noSubscriptions: 'You have no subscriptions.',
  renews: 'Renews on',
  ends: 'Ends on',
  ended: 'Ended on',
  actions: {
    cancel: 'Cancel subscription',
    undo_cancel: 'Keep subscription',
    pause: 'Pause subscription',
    resume: 'Resume subscription',
  },
  confirmCancel: 'You keep access until the end of the period you have paid for.',
  confirmCancelNow: 'It ends now, and you lose access at once.',
  confirmCancelButton: 'Yes, cancel it',
  paymentMethods: 'Payment methods',
  noPaymentMethods: 'No payment method is saved.',
  isDefault: 'Default',
  makeDefault: 'Make default',
  remove: 'Remove',
  addCard: 'Add a card',
  saveCard: 'Save card',
  forSubscription: 'Use it for',
  forAll: 'Everything',
  invoices: 'Invoices',
  noInvoices: 'There are no invoices yet.',
  view: 'View',
  columns: { date: 'Date', number: 'Number', amount: 'Amount', status: 'Status' },
  done: {
    cancel: 'Your subscription has been canceled.',
    undo_cancel: 'Your subscription goes on.',
    pause: 'Your subscription is paused.',
    resume: 'Your subscription is active again.',
    add_card: 'The card has been saved.',
    remove_payment_method: 'The payment method has been removed.',
    use_payment_method: 'The payment method is now the default.',
  },
  invalidAction: 'That is not possible any more. The page shows how things stand now.',
  elsewhere: 'This form did not come from this page. Nothing was changed.',
  invoice: 'Invoice',
  billedTo: 'Billed to',
  issued: 'Issued on',
  quantity: 'Qty',
  description: 'Description',
  subtotal: 'Subtotal',
  tax: 'Tax',
  total: 'Total',
  paid: 'Paid',
  refunded: 'Refunded',
  due: 'Amount due',
  pay: 'Pay',
  download: 'Download PDF',
  thanks: 'Thank you, your payment has been received.',
  statuses: {},
};

const es: PortalTexts = {
  title: 'Tu facturación',
  subscriptions: 'Suscripciones',
  noSubscriptions: 'No tienes suscripciones.',
  renews: 'Se renueva el',
  ends: 'Termina el',
  ended: 'Terminó el',
  actions: {
    cancel: 'Cancelar suscripción',
    undo_cancel: 'Conservar suscripción',
    pause: 'Pausar suscripción',
    resume: 'Reanudar suscripción',
  },
  confirmCancel: 'Conservas el acceso hasta que termine el periodo que ya pagaste.',
  confirmCancelNow: 'Termina ahora mismo y pierdes el acceso de inmediato.',
  confirmCancelButton: 'Sí, cancelarla',
  paymentMethods: 'Métodos de pago',
  noPaymentMethods: 'No hay métodos de pago guardados.',
  isDefault: 'Predeterminado',
  makeDefault: 'Usar como predeterminado',
  remove: 'Eliminar',
  addCard: 'Agregar una tarjeta',
  saveCard: 'Guardar tarjeta',
  forSubscription: 'Usarla para',
  forAll: 'Todo',
  invoices: 'Recibos',
  noInvoices: 'Todavía no hay recibos.',
  view: 'Ver',
  columns: { date: 'Fecha', number: 'Número', amount: 'Importe', status: 'Estado' },
  done: {
    cancel: 'Tu suscripción fue cancelada.',
    undo_cancel: 'Tu suscripción continúa.',
    pause: 'Tu suscripción está en pausa.',
    resume: 'Tu suscripción está activa de nuevo.',
    add_card: 'La tarjeta fue guardada.',
    remove_payment_method: 'El método de pago fue eliminado.',
    use_payment_method: 'El método de pago es ahora el predeterminado.',
  },
  invalidAction: 'Eso ya no es posible. La página muestra el estado actual.',
  elsewhere: 'Este formulario no vino de esta página. No se cambió nada.',
  invoice: 'Recibo',
  billedTo: 'A nombre de',
  issued: 'Emitido el',
  quantity: 'Cant.',
  description: 'Descripción',
  subtotal: 'Subtotal',
  tax: 'Impuestos',
  total: 'Total',
  paid: 'Pagado',
  refunded: 'Reembolsado',
  due: 'Por pagar',
  pay: 'Pagar',
  download: 'Descargar PDF',
  thanks: 'Gracias, recibimos tu pago.',
  statuses: {
    active: 'Activa',
    trialing: 'En prueba',
    in_trial: 'En prueba',
    past_due: 'Pago vencido',
    unpaid: 'Sin pagar',
    paused: 'En pausa',
    canceled: 'Cancelada',
    incomplete: 'Incompleta',
    paid: 'Pagado',
    open: 'Por pagar',
    pending: 'Pendiente',
    pending_payment: 'Pendiente',
    refunded: 'Reembolsado',
    partially_refunded: 'Reembolsado en parte',
    expired: 'Vencido',
    declined: 'Declinado',
    void: 'Anulado',
  },
};

export const portalTextsFor = (locale: string): PortalTexts => (locale.startsWith('es') ? es : en);

/** A provider's status in words: known ones translated, others as they are, readable. Fungies shouts some of its own. */
export function statusText(status: string, { statuses }: PortalTexts): string {
  const known = status.toLowerCase();
  const plain = known.replaceAll('_', ' ');
  return statuses[known] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** The day at the provider; Conekta's is Mexico City's. */
export function dateText(atMs: number, locale: string, dateStyle: 'long' | 'medium' = 'long'): string {
  const timeZone = locale === 'es-MX' ? 'America/Mexico_City' : 'UTC';
  return new Intl.DateTimeFormat(locale, { dateStyle, timeZone }).format(atMs);
}
