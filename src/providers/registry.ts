import { conekta } from './conekta/index.ts';
import { fungies } from './fungies/index.ts';
import { polar } from './polar/index.ts';
import type { ProviderModule } from './port.ts';
import { stripe } from './stripe/index.ts';

/** Every provider: a folder and a line here. Ids, environment keys, routes and tests derive from it. */
export const registry = { polar, conekta, stripe, fungies } as const satisfies Record<string, ProviderModule>;
