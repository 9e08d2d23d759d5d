import type { Account, Accounts } from '../accounts.ts';
import type { Delivery } from '../webhooks/deliveries.ts';
import { ControlFailure, type ControlDeps, type ControlRoute, accountsOf, paramOf, queryOf } from './control-route.ts';

function deliveryView(account: string, delivery: Delivery): object {
  const { secret: _secret, jitter: _jitter, next_attempt_at: next, ...shown } = delivery;
  return { account, ...shown, next_attempt_at: next === null ? null : new Date(next).toISOString() };
}

/** Sends the stored bytes once more, now. */
export function resend(accounts: Accounts, id: string): Account {
  for (const account of accounts.all()) {
    const delivery = account.sandbox.deliveries.get(id);
    if (!delivery) continue;
    account.dispatcher.resend(delivery);
    return account;
  }
  throw new ControlFailure(404, `no delivery ${id}`);
}

export function deliveryRoutes(deps: ControlDeps): ControlRoute[] {
  return [
    {
      method: 'get',
      path: '/deliveries',
      act: (request) =>
        accountsOf(deps, request).flatMap(({ id, sandbox }) =>
          sandbox.deliveries
            .list({
              provider: queryOf(request, 'provider'),
              type: queryOf(request, 'type'),
              status: queryOf(request, 'status'),
              eventId: queryOf(request, 'event_id'),
            })
            .map((delivery) => deliveryView(id, delivery)),
        ),
    },
    {
      method: 'post',
      path: '/deliveries/:id/resend',
      act(request) {
        const id = paramOf(request, 'id');
        resend(deps.accounts, id);
        return { id, resent: true };
      },
    },
  ];
}
