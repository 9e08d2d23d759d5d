import { createCore, openAccount, type Sandbox } from '../../src/context.ts';
import { DEFAULT_ACCOUNT } from '../../src/core/account-scope.ts';

/** The default account alone, for one provider's stand-in without a server. */
export function createSandbox(options: Parameters<typeof createCore>[0]): Sandbox {
  return openAccount(createCore(options), DEFAULT_ACCOUNT, undefined);
}
