import { z } from 'zod';
import { configOf, withEnvironment } from '../account-config.ts';
import type { Account } from '../accounts.ts';
import { PROVIDERS } from '../core/types.ts';
import { type ControlDeps, type ControlRoute, accountOf, parse } from './control-route.ts';

const target = z.url().nullable().optional();
const targets = z.strictObject({ polar: target, conekta: target, stripe: target, fungies: target });
const configInput = z.strictObject({ webhooks: targets });
const accountInput = z.strictObject({ name: z.string().min(1).max(120).optional(), webhooks: targets.optional() });

/** Addresses, keys and secrets of an account, and where its events go. */
function configView({ id, sandbox }: Account): object {
  const disabled = PROVIDERS.map((provider) => [provider, sandbox.targets.disabled(provider)] as const);
  return {
    account: id,
    ...withEnvironment(configOf(sandbox)),
    webhooks: sandbox.targets.configured(),
    disabled_webhooks: Object.fromEntries(disabled.filter(([, urls]) => urls.length > 0)),
  };
}

const accountView = (account: Account): object => ({
  id: account.id,
  name: account.name,
  created_at: account.createdAt,
  ...configView(account),
});

const given = (urls: z.output<typeof targets>): Record<string, string | null> =>
  Object.fromEntries(Object.entries(urls).flatMap(([provider, url]) => (url === undefined ? [] : [[provider, url]])));

export function accountRoutes(deps: ControlDeps): ControlRoute[] {
  const { accounts } = deps;
  return [
    { method: 'get', path: '/accounts', act: () => accounts.all().map(accountView) },
    {
      method: 'post',
      path: '/accounts',
      act(_request, body) {
        const { name, webhooks } = parse(accountInput, body);
        return accountView(accounts.create({ name, webhooks: webhooks && given(webhooks) }));
      },
    },
    { method: 'get', path: '/config', act: (request) => configView(accountOf(deps, request)) },
    {
      method: 'post',
      path: '/config',
      act(request, body) {
        const account = accountOf(deps, request);
        account.sandbox.targets.configure(given(parse(configInput, body).webhooks));
        return configView(account);
      },
    },
  ];
}
