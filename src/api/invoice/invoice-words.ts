import type { Invoice } from '../../db/entities/payment.ts';

/** The words of our own invoice. */
export interface InvoiceWords {
  /** For dates and amounts. */
  readonly locale: string;
  readonly invoice: string;
  /** Where a merchant of record has sold: the invoice is theirs, ours only says what was paid. */
  readonly summary: string;
  readonly summaryNote: string;
  readonly billedTo: string;
  readonly date: string;
  readonly paidOn: string;
  readonly description: string;
  readonly quantity: string;
  readonly amount: string;
  readonly subtotal: string;
  readonly tax: string;
  readonly total: string;
  readonly paid: string;
  readonly refunded: string;
  readonly due: string;
  readonly download: string;
  readonly gone: string;
  readonly status: Readonly<Record<Invoice['status'], string>>;
}

const english: InvoiceWords = {
  locale: 'en-US',
  invoice: 'Invoice',
  summary: 'Payment summary',
  summaryNote: 'The tax invoice is issued by the merchant of record who sold this.',
  billedTo: 'Billed to',
  date: 'Date',
  paidOn: 'Paid on',
  description: 'Description',
  quantity: 'Quantity',
  amount: 'Amount',
  subtotal: 'Subtotal',
  tax: 'Tax',
  total: 'Total',
  paid: 'Paid',
  refunded: 'Refunded',
  due: 'Amount due',
  download: 'Download PDF',
  gone: 'This link is not valid any more. Ask for a new one where you found it.',
  status: {
    draft: 'Draft',
    open: 'Open',
    paid: 'Paid',
    failed: 'Failed',
    refunded: 'Refunded',
    partially_refunded: 'Partially refunded',
    void: 'Void',
    uncollectible: 'Uncollectible',
  },
};

const spanish: InvoiceWords = {
  locale: 'es-MX',
  invoice: 'Factura',
  summary: 'Resumen del pago',
  summaryNote: 'La factura fiscal la emite el comerciante registrado que hizo la venta.',
  billedTo: 'Cliente',
  date: 'Fecha',
  paidOn: 'Pagada el',
  description: 'Descripción',
  quantity: 'Cantidad',
  amount: 'Importe',
  subtotal: 'Subtotal',
  tax: 'Impuestos',
  total: 'Total',
  paid: 'Pagado',
  refunded: 'Reembolsado',
  due: 'Por pagar',
  download: 'Descargar PDF',
  gone: 'Este enlace ya no es válido. Pide uno nuevo donde lo encontraste.',
  status: {
    draft: 'Borrador',
    open: 'Abierta',
    paid: 'Pagada',
    failed: 'Fallida',
    refunded: 'Reembolsada',
    partially_refunded: 'Reembolsada en parte',
    void: 'Anulada',
    uncollectible: 'Incobrable',
  },
};

/** @param accepted An `Accept-Language` header; Spanish where it is asked for first, else English. */
export function invoiceWords(accepted: string | undefined): InvoiceWords {
  return /^\s*es\b/i.test(accepted ?? '') ? spanish : english;
}
