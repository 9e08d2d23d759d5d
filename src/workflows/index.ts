export { applyLateFact } from './apply-late-fact.ts';
export { checkProviderAccount, connectProviderWebhook } from './check-provider-account.ts';
export { checkout } from './checkout.ts';
export { pushPlans } from './push-plans.ts';
export { refundPayment } from './refund-payment.ts';
export { subscription } from './subscription.ts';
export { sweepDisputes } from './sweep-disputes.ts';
