/** When a change's difference is charged: at once, with the next invoice, or never. */
export type ProrationMode = 'immediate' | 'next_invoice' | 'none';
