import type { Request, RequestHandler } from 'express';
import type { PortalLink } from '../../db/entities/portal-link.ts';
import { findPortalMethod } from '../../db/queries/portal-page.ts';
import { findProject } from '../../db/queries/projects.ts';
import { findSubscription } from '../../db/queries/subscriptions.ts';
import type { Db } from '../../db/orm.ts';
import { pathParam } from '../answer.ts';
import type { Caller } from '../caller.ts';
import { refusal } from '../error-codes.ts';
import type { Acted, PortalActs } from './portal-acts.ts';

interface Visit {
  readonly em: Db;
  readonly link: PortalLink;
  readonly request: Request;
}

/**
 * Refuses a form that another site sent. The token in the path is what an attacker would have to know anyway; this holds
 * even where one has leaked. Browsers say where a form comes from (Fetch Metadata); with our `no-referrer`, `Origin` is
 * `null` and says nothing. What says nothing is no browser.
 *
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export const refuseForeignForm: RequestHandler = (request, _response, next) => {
  const site = request.get('sec-fetch-site');
  const isOwn = site === undefined || site === 'same-origin' || site === 'none';
  next(isOwn ? undefined : refusal('foreign_form', 'Another site sent this form.'));
};

/** The buttons of a subscription: `cancel`, `keep` (take a cancellation back), `resume`. */
export function actOnSubscription(acts: PortalActs) {
  return async ({ em, link, request }: Visit) => {
    const caller = await managerOf(em, link);
    const row = await findSubscription(em, link, pathParam(request, 'id'));
    if (row?.organizationId !== link.organizationId)
      throw refusal('subscription_not_found', 'No subscription has this id.');
    switch (pathParam(request, 'act')) {
      case 'cancel':
        return told('canceled', await acts.cancel({ caller, row, timing: 'period_end' }));
      case 'keep':
        return told('kept', await acts.resume({ caller, row }));
      case 'resume':
        return told('resumed', await acts.resume({ caller, row }));
      default:
        throw refusal('not_found', 'There is no such button.');
    }
  };
}

/** The buttons of a payment method: `default`, `remove`. */
export function actOnMethod(acts: PortalActs) {
  return async ({ em, link, request }: Visit) => {
    const caller = await managerOf(em, link);
    const row = await findPortalMethod(em, link, pathParam(request, 'id'));
    if (!row) throw refusal('not_found', 'No payment method has this id.');
    switch (pathParam(request, 'act')) {
      case 'default':
        return told('defaulted', await acts.makeDefault({ caller, row }));
      case 'remove':
        return told('removed', await acts.removeMethod({ caller, row }));
      default:
        throw refusal('not_found', 'There is no such button.');
    }
  };
}

/**
 * Whoever has the link, as a caller of the API's own operations: of one organization, with the link's permissions.
 *
 * @throws {BillingError} `insufficient_scope`
 */
async function managerOf(em: Db, link: PortalLink): Promise<Caller> {
  if (!link.permissions.includes('manage')) throw refusal('insufficient_scope', 'This link is for looking only.');
  const project = await findProject(em, link.projectId);
  if (!project) throw refusal('portal_link_unknown', 'The project is gone.');
  return {
    project: { ...project },
    projectId: link.projectId,
    live: link.live,
    keyId: 'portal',
    kind: 'publishable',
    scopes: [],
    organizations: new Map([[link.organizationId, link.permissions]]),
    userId: null,
    actor: `portal:${link.actor}`,
  };
}

function told(done: string, acted: Acted): { readonly done: string } {
  return { done: acted === 'later' ? 'later' : done };
}
