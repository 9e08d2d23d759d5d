import { z } from 'zod';
import { faultInput } from '../core/faults.ts';
import { isProviderId } from '../core/types.ts';
import { clockInput, clockView, moveClock, reset } from './clock.ts';
import { completeCheckout, completeInput } from './complete.ts';
import {
  ControlFailure,
  type ControlDeps,
  type ControlRoute,
  accountNamed,
  accountOf,
  accountsOf,
  paramOf,
  parse,
  providerOf,
  queryOf,
} from './control-route.ts';

const rotateInput = z.strictObject({ era: z.enum(['legacy', 'standard']).optional() });

export function faultRoutes({ core: { faults }, accounts }: ControlDeps): ControlRoute[] {
  return [
    { method: 'get', path: '/faults', act: () => faults.list() },
    {
      method: 'post',
      path: '/faults',
      act(_request, body) {
        const input = parse(faultInput, body);
        // A mistyped account would make a fault that never strikes.
        if (input.when?.account !== undefined) accountNamed(accounts, input.when.account);
        return faults.add(input);
      },
    },
    { method: 'delete', path: '/faults', act: () => (faults.clear(), { cleared: true }) },
    {
      method: 'delete',
      path: '/faults/:id',
      act(request) {
        const id = paramOf(request, 'id');
        if (!faults.remove(id)) throw new ControlFailure(404, `no fault ${id}`);
        return { id, deleted: true };
      },
    },
  ];
}

export function clockRoutes({ core, accounts }: ControlDeps): ControlRoute[] {
  return [
    { method: 'get', path: '/clock', act: () => clockView(core) },
    { method: 'post', path: '/clock', act: (_request, body) => moveClock(core, parse(clockInput, body)) },
    { method: 'post', path: '/reset', act: () => (reset(core, accounts), { reset: true }) },
  ];
}

export function stateRoutes(deps: ControlDeps): ControlRoute[] {
  return [
    {
      method: 'get',
      path: '/ledger',
      act(request) {
        const provider = queryOf(request, 'provider');
        return accountsOf(deps, request)
          .flatMap(({ sandbox }) => sandbox.ledger.entries(isProviderId(provider) ? provider : undefined))
          .sort((left, right) => left.at.localeCompare(right.at));
      },
    },
    {
      method: 'get',
      path: '/requests',
      act(request) {
        const provider = queryOf(request, 'provider');
        return deps.core.requests.list(isProviderId(provider) ? provider : undefined);
      },
    },
    {
      method: 'post',
      path: '/checkouts/:provider/:id/complete',
      act(request, body) {
        const { sandbox, desks } = accountOf(deps, request);
        const { cashier } = desks[providerOf(request)];
        const id = paramOf(request, 'id');
        if (!cashier.find(id)) throw new ControlFailure(404, `no checkout ${id} at ${cashier.provider}`);
        return completeCheckout(sandbox, cashier, id, parse(completeInput, body));
      },
    },
    {
      method: 'get',
      path: '/objects/:provider/:kind',
      act: (request) =>
        accountOf(deps, request).sandbox.store.rows(`${providerOf(request)}/${paramOf(request, 'kind')}`),
    },
    {
      method: 'post',
      path: '/webhook-secrets/:provider/rotate',
      act: (request, body) =>
        accountOf(deps, request).sandbox.credentials.rotate(
          providerOf(request),
          parse(rotateInput, body).era ?? 'standard',
        ),
    },
  ];
}
