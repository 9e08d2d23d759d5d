import { countDifferences, findLastTo, findRun, requestRun } from '../../db/queries/reconciliations.ts';
import { nextWindow } from '../../domain/reconciliation/window.ts';
import { windowFault } from '../../domain/reconciliation/window-fault.ts';
import { presentReconciliation } from '../../present/reconciliation.ts';
import { reconciliationStart } from '../../workflows/start-options.ts';
import { askWorkflow } from '../ask-workflow.ts';
import type { ApiDeps } from '../deps.ts';
import { fieldRefusal, refusal } from '../error-codes.ts';
import type { Answer } from '../idempotency.ts';
import type { Operating } from '../routes/operate-once.ts';
import { parseInput } from '../schemas/parse.ts';
import { createReconciliationBody } from '../schemas/reconciliation.ts';

/** Writes what shall be compared and has its workflow started; while the engine is away, the relay starts it later. */
export async function requestReconciliation(deps: ApiDeps, operating: Operating): Promise<Answer> {
  const { em, caller, body, id } = operating;
  const known = await findRun(em, caller, id);
  if (known !== null) return answer(operating);
  const { projectId, live, actor } = caller;
  const asked = parseInput(createReconciliationBody, body);
  const window = await windowOf(deps, operating, asked);
  const { run, isNew } = await requestRun(em.fork(), {
    ...{ id, projectId, live, provider: asked.provider, ...window, cause: 'request', actor },
  });
  if (!isNew)
    throw refusal('reconciliation_running', `${run.id} is comparing this account already.`, {
      details: { reconciliation_id: run.id },
    });
  await askWorkflow(deps.logger, { reconciliation: id }, () =>
    deps.temporal.startReconciliation(reconciliationStart(run)),
  );
  return answer(operating);
}

async function answer({ em, caller, id }: Operating): Promise<Answer> {
  const run = await findRun(em.fork(), caller, id);
  return { status: 202, body: run && presentReconciliation(run, await countDifferences(em.fork(), [id])) };
}

async function windowOf(
  deps: ApiDeps,
  { em, caller }: Operating,
  asked: { readonly provider: string; readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<{ readonly from: Date; readonly to: Date }> {
  const { projectId, live } = caller;
  const { provider } = asked;
  const configured = await deps.providers.configured(projectId, live);
  const account = configured.has(provider) ? await deps.providers.account(projectId, live, provider) : null;
  if (account === null)
    throw fieldRefusal('provider_account_not_found', '/provider', 'The project has no account at this provider.');
  const { changes } = account.client;
  if (!changes)
    throw fieldRefusal('not_supported_by_provider', '/provider', 'This provider cannot tell what has changed there.');
  const nowMs = Date.now();
  const lastTo = await findLastTo(em, { projectId, live }, provider);
  const next = nextWindow({ lastToMs: lastTo?.getTime() ?? null, nowMs });
  const fromMs = asked.from === undefined ? next.fromMs : Date.parse(asked.from);
  const toMs = asked.to === undefined ? next.toMs : Date.parse(asked.to);
  const fault = windowFault({ fromMs, toMs }, { nowMs, horizonMs: changes.horizonMs });
  // What nobody asked for is cut by the comparison itself.
  if (fault !== null && asked[fault.field] !== undefined)
    throw fieldRefusal('reconciliation_window_invalid', `/${fault.field}`, fault.because);
  return { from: new Date(Math.min(fromMs, toMs - 1)), to: new Date(toMs) };
}
