export { applyLateFact } from './apply-late-fact.ts';
export { checkout } from './checkout.ts';
export { subscription } from './subscription.ts';
