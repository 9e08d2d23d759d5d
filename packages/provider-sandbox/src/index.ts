export type { SandboxConfig } from './account-config.ts';
export type { NewAccount } from './accounts.ts';
export { type RunningSandbox, type SandboxAccount, type StartOptions, startSandbox } from './server.ts';
export type { Fault } from './core/faults.ts';
export type { LedgerEntry } from './core/ledger.ts';
export type { ProviderId } from './core/types.ts';
export type { Attempt, Delivery } from './webhooks/deliveries.ts';
export type { WebhookTargets } from './webhooks/targets.ts';
