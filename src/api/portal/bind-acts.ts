import { newId } from '../../db/new-id.ts';
import type { ApiDeps } from '../deps.ts';
import type { Answer } from '../idempotency.ts';
import { answerOperation, requestOperation } from '../request-operation.ts';
import { detach, makeDefault } from '../routes/payment-methods.ts';
import { askCancel, askResume, situationOf, type Decide } from '../routes/subscription-operations.ts';
import type { Acted, PortalActs, SubscriptionAsk } from './portal-acts.ts';

/** The API's own operations, for our page and for erasures. */
export function createPortalActs(deps: ApiDeps): PortalActs {
  const noComment = { reason: null, comment: null };
  return {
    cancel: ({ timing, ...ask }) => operate(deps, ask, askCancel(timing, noComment)),
    resume: (ask) => operate(deps, ask, askResume),
    async makeDefault({ row }) {
      return actedBy(await makeDefault(deps, deps.orm.em.fork(), row));
    },
    async removeMethod({ row }) {
      return actedBy(await detach(deps, deps.orm.em.fork(), row));
    },
  };
}

/** As the route does, without an idempotency key: a form that is sent again finds the state it asked for. */
async function operate(deps: ApiDeps, { caller, row }: SubscriptionAsk, decide: Decide): Promise<Acted> {
  const em = deps.orm.em.fork();
  const asking = { em, caller, row, changeId: newId('chg') };
  const asked = await decide(await situationOf(deps, em, row));
  if (asked === null) return 'done';
  return actedBy(await answerOperation(deps, asking, await requestOperation(asking, asked)));
}

function actedBy({ status }: Answer): Acted {
  return status === 202 ? 'later' : 'done';
}
