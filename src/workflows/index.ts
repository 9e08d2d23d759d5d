export { applyLateFact } from './apply-late-fact.ts';
export { checkProviderAccount, connectProviderWebhook } from './check-provider-account.ts';
export { checkout } from './checkout.ts';
export { subscription } from './subscription.ts';
