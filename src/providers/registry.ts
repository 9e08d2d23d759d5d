import { polar } from './polar/index.ts';
import type { ProviderModule } from './port.ts';

/** Every provider: a folder and a line here. Everything else is derived. */
export const registry = { polar } as const satisfies Record<string, ProviderModule>;

export type ProviderId = keyof typeof registry;
