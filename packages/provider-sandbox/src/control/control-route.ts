import type { Request } from 'express';
import { z } from 'zod';
import type { Account, Accounts } from '../accounts.ts';
import type { SandboxCore } from '../context.ts';
import { DEFAULT_ACCOUNT } from '../core/account-scope.ts';
import { type ProviderId, isProviderId } from '../core/types.ts';

export interface ControlDeps {
  core: SandboxCore;
  accounts: Accounts;
}

/** One endpoint of the control interface; `act` answers with what becomes JSON, or throws `ControlFailure`. */
export interface ControlRoute {
  method: 'get' | 'post' | 'delete';
  path: string;
  act: (request: Request, body: unknown) => unknown;
}

export class ControlFailure extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new ControlFailure(422, z.prettifyError(result.error));
}

export function providerOf(request: Request): ProviderId {
  const provider = request.params['provider'];
  if (isProviderId(provider)) return provider;
  throw new ControlFailure(404, `unknown provider ${String(provider)}`);
}

export const paramOf = (request: Request, name: string): string => {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
};

export const queryOf = (request: Request, name: string): string | undefined => {
  const value = request.query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

export function accountNamed(accounts: Accounts, id: string): Account {
  const account = accounts.get(id);
  if (account) return account;
  throw new ControlFailure(404, `no account ${id}`);
}

/** The account of `?account=`; the default one without it. */
export function accountOf({ accounts }: ControlDeps, request: Request): Account {
  return accountNamed(accounts, queryOf(request, 'account') ?? DEFAULT_ACCOUNT);
}

/** As `accountOf`, with `*` for all of them. */
export function accountsOf(deps: ControlDeps, request: Request): readonly Account[] {
  return queryOf(request, 'account') === '*' ? deps.accounts.all() : [accountOf(deps, request)];
}
