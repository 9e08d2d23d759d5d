import { Context } from '@temporalio/activity';
import { CheckoutEntity } from '../db/entities/checkout.ts';
import { RefundEntity } from '../db/entities/payment.ts';
import { ReconciliationRunEntity, type ReconciliationRun } from '../db/entities/reconciliation.ts';
import { SubscriptionEntity } from '../db/entities/subscription.ts';
import type { Db } from '../db/orm.ts';
import { recordAudit } from '../db/queries/audit.ts';
import { readRun } from './begin-reconciliation.ts';
import type { ReconciliationRef } from './compare-step.ts';
import type { ActivityDeps } from './deps.ts';
import { checkoutWorkflow, refundWorkflow, subscriptionWorkflow, type RowWorkflow } from './row-workflow.ts';

/** Whoever wrote the row has started its workflow by then. */
const settledAfterMs = 15_000;
/** Ids in one question to the engine's list. */
const pageSize = 50;

/** Which of these workflows run, as far as the engine's list has heard. */
export type FindRunning = (workflowIds: readonly string[]) => Promise<ReadonlySet<string>>;

export interface LostWorkflows {
  readonly cursor: string | null;
  readonly lost: readonly RowWorkflow[];
}

/**
 * One page of rows of the run's provider whose workflow must run: those whose does not, by the engine's list. The list
 * may be late, so whoever starts one again must take "it runs" for an answer.
 *
 * @param input.cursor `<kind>/<id of the last row>`
 */
export function createFindLostWorkflows(deps: ActivityDeps, findRunning: FindRunning = askEngine) {
  return async function findLostWorkflows(
    input: ReconciliationRef & { readonly cursor: string | null },
  ): Promise<LostWorkflows> {
    const run = await readRun(deps, input);
    const { rows, cursor } = await readPage(deps, run, input.cursor);
    const running = rows.length === 0 ? new Set<string>() : await findRunning(rows.map(workflowIdOf));
    return { cursor, lost: rows.filter((each) => !running.has(workflowIdOf(each))) };
  };
}

/** One kind after the other, until the page is full. */
async function readPage(deps: ActivityDeps, run: ReconciliationRun, cursor: string | null) {
  const [first = 'checkout', from = ''] = cursor?.split('/') ?? [];
  const rows: RowWorkflow[] = [];
  let after = from;
  for (const { kind, list } of kinds.slice(kinds.findIndex((each) => each.kind === first))) {
    const limit = pageSize - rows.length;
    const found = await list(deps.orm.em.fork(), run, after, limit);
    rows.push(...found);
    const last = found.at(-1);
    if (found.length === limit && last !== undefined) return { rows, cursor: `${kind}/${last.row.id}` };
    after = '';
  }
  return { rows, cursor: null };
}

/** Writes which were started again, audited, with where the phase goes on; after its last page the repairs are next. */
export function createNoteRestarted(deps: ActivityDeps) {
  return async function noteRestarted(
    input: ReconciliationRef & {
      readonly cursor: string | null;
      readonly restarted: readonly { readonly kind: RowWorkflow['kind']; readonly id: string }[];
    },
  ): Promise<void> {
    const { projectId, live, runId: id, cursor, restarted } = input;
    await deps.orm.em.fork().transactional(async (tx) => {
      const run = await tx.findOneOrFail(ReconciliationRunEntity, { id, projectId, live });
      if (run.status !== 'running' || run.phase !== 'workflows') return;
      tx.assign(run, {
        cursor,
        restarted: run.restarted + restarted.length,
        ...(cursor === null && { phase: 'repair' }),
      });
      for (const { kind, id: entityId } of restarted)
        recordAudit(tx, {
          ...{ projectId, live, actor: `reconciliation/${id}`, action: `${kind}.workflow_restarted` },
          ...{ entityKind: kind, entityId, detail: 'its workflow was lost, and was started again from its row' },
          ...{ before: { workflow: 'lost' }, after: { workflow: 'running' } },
        });
    });
  };
}

/** Ids of workflows are stored data: see `workflows/messages.ts`. */
function workflowIdOf({ kind, row }: RowWorkflow): string {
  return `${kind}/${row.id}`;
}

interface Kind {
  readonly kind: RowWorkflow['kind'];
  readonly list: (em: Db, run: ReconciliationRun, after: string, limit: number) => Promise<readonly RowWorkflow[]>;
}

const kinds: readonly Kind[] = [
  {
    kind: 'checkout',
    list: async (em, { projectId, live, provider }, after, limit) => {
      const where = { projectId, live, provider, status: { $in: ['open', 'pending'] as const } };
      const rows = await em.find(CheckoutEntity, { ...where, ...settled(after) }, { ...byId, limit });
      return rows.map(checkoutWorkflow);
    },
  },
  {
    kind: 'subscription',
    list: async (em, { projectId, live, provider }, after, limit) => {
      // Free ones are at no provider: whoever comes by looks after them.
      const where = { projectId, live, $or: [{ provider }, { provider: null }], status: { $nin: over } };
      const rows = await em.find(SubscriptionEntity, { ...where, ...settled(after) }, { ...byId, limit });
      return rows.map(subscriptionWorkflow);
    },
  },
  {
    kind: 'refund',
    list: async (em, { projectId, live, provider }, after, limit) => {
      const where = { projectId, live, provider, status: { $in: ['requested', 'unknown', 'pending'] as const } };
      const rows = await em.find(
        RefundEntity,
        { ...where, ...settled(after), actor: { $ne: null } },
        { ...byId, limit },
      );
      return rows.map(refundWorkflow);
    },
  },
];

const over = ['canceled', 'expired'] as const;
const byId = { orderBy: { id: 'asc' } } as const;

function settled(after: string) {
  return { id: { $gt: after }, createdAt: { $lt: new Date(Date.now() - settledAfterMs) } };
}

async function askEngine(workflowIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { client } = Context.current();
  const quoted = workflowIds.map((id) => `'${id}'`).join(', ');
  const running = new Set<string>();
  const query = `ExecutionStatus = 'Running' AND WorkflowId IN (${quoted})`;
  for await (const { workflowId } of client.workflow.list({ query })) running.add(workflowId);
  return running;
}
