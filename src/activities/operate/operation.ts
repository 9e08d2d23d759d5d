import type { Subscription, SubscriptionChange } from '../../db/entities/subscription.ts';
import type { Db } from '../../db/orm.ts';
import type { OperationFacts } from '../../db/queries/subscription-operations.ts';
import type { CustomerStep } from '../../domain/subscription/customer-step.ts';
import type { Means, OperationPlan } from '../../domain/subscription/operation-plan.ts';
import type { SubscriptionTruth } from '../../domain/subscription/truth.ts';
import { callKey } from '../call-key.ts';
import type { ActivityDeps } from '../deps.ts';
import type { SubscriptionNews } from '../note-subscription.ts';

/** Something asked of a subscription, with all that it is decided and done from. */
export interface Operation {
  readonly deps: ActivityDeps;
  readonly em: Db;
  readonly row: Subscription;
  readonly change: SubscriptionChange;
  readonly facts: OperationFacts;
  readonly means: Means;
  readonly plan: OperationPlan;
}

/** What else changes with the operation's own row, in the same transaction, and what is told of it. */
export type Within = (tx: Db, row: Subscription) => Promise<readonly SubscriptionNews[]>;

/** What a provider said, and when it was asked. */
export interface Answered {
  readonly truth: SubscriptionTruth;
  readonly askedAt: Date;
}

/** What came of an operation, to be written in one transaction. */
export type Outcome =
  | {
      readonly kind: 'done';
      readonly status: 'applied' | 'scheduled';
      /** ISO: when it takes, or took, effect. */
      readonly effectiveAt: string;
      /** null: no provider was asked. */
      readonly answered: Answered | null;
      /** The customer must confirm something first. */
      readonly nextStep?: CustomerStep;
      readonly within?: Within;
      /** One readable clause, without personal data. */
      readonly because: string;
    }
  | {
      readonly kind: 'failed';
      /** Documented. */
      readonly code: string;
      readonly message: string;
      readonly detail: Readonly<Record<string, unknown>>;
      readonly answered: Answered | null;
      readonly within?: Within;
    };

export function failed(
  code: string,
  message: string,
  more: {
    readonly detail?: Readonly<Record<string, unknown>>;
    readonly answered?: Answered | null;
    readonly within?: Within;
  } = {},
): Outcome {
  const { detail = {}, answered = null, within } = more;
  return { kind: 'failed', code, message, detail, answered, ...(within && { within }) };
}

/** The key of a call for this operation: whoever asks again sends the same. */
export function keyOf({ row, change }: Operation, provider: string, act: string = change.kind): string {
  return callKey({ projectId: row.projectId, operation: `subscriptions.${act}`, businessId: change.id, provider });
}

export const nowIso = () => new Date().toISOString();
