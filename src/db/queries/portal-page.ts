import type { Invoice } from '../entities/payment.ts';
import { PaymentMethodEntity, type PaymentMethod } from '../entities/payment-method.ts';
import { PlanEntity } from '../entities/plan.ts';
import type { PortalLink } from '../entities/portal-link.ts';
import type { Project } from '../entities/project.ts';
import type { Subscription, SubscriptionChange } from '../entities/subscription.ts';
import type { Db } from '../orm.ts';
import { listInvoices } from './invoices.ts';
import { findProject } from './projects.ts';
import { listPendingChanges, listScheduledPauses } from './subscription-changes.ts';
import { listSubscriptions } from './subscriptions.ts';

/** What a customer sees of themselves. */
export interface PortalRows {
  readonly project: Project;
  readonly subscriptions: readonly Subscription[];
  /** By subscription. */
  readonly pending: ReadonlyMap<string, SubscriptionChange>;
  /** By subscription: those that wait for their day. */
  readonly pauses: ReadonlyMap<string, SubscriptionChange>;
  /** Id → name. */
  readonly planNames: ReadonlyMap<string, string>;
  readonly methods: readonly PaymentMethod[];
  readonly invoices: readonly Invoice[];
}

/** The newest of each; whoever wants older ones asks the API. */
const shown = 20;

/** @returns null: the project is gone. */
export async function readPortalRows(em: Db, link: PortalLink): Promise<PortalRows | null> {
  const { projectId, live, organizationId } = link;
  const project = await findProject(em, projectId);
  if (!project) return null;
  const page = { organizationIds: [organizationId], before: null, limit: shown - 1 };
  const subscriptions = (await listSubscriptions(em, link, page)).filter(({ status }) => status !== 'incomplete');
  const ids = subscriptions.map(({ id }) => id);
  const pending = await listPendingChanges(em, ids);
  const pauses = await listScheduledPauses(em, ids);
  const planIds = [...subscriptions, ...pending.values()].flatMap(({ planId }) => planId ?? []);
  const plans = await em.find(
    PlanEntity,
    { projectId, id: { $in: [...new Set(planIds)] } },
    { fields: ['id', 'name'] },
  );
  return {
    ...{ project, subscriptions, pending, pauses },
    planNames: new Map(plans.map(({ id, name }) => [id, name])),
    methods: await em.find(
      PaymentMethodEntity,
      { projectId, live, organizationId, status: 'active' },
      { orderBy: { isDefault: 'desc', id: 'desc' }, limit: shown },
    ),
    invoices: (await listInvoices(em, link, page)).filter(({ status }) => status !== 'draft'),
  };
}

/** @returns null: the organization of the link has no such method. */
export async function findPortalMethod(em: Db, link: PortalLink, id: string): Promise<PaymentMethod | null> {
  const { projectId, live, organizationId } = link;
  return em.findOne(PaymentMethodEntity, { projectId, live, organizationId, id, status: 'active' });
}
