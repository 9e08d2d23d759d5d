import type { StrayInput } from './messages.ts';
import { resolveStray } from './resolve-stray.ts';
import { startAgain } from './start-once.ts';
import { strayStart } from './start-options.ts';

/** Has somebody look after sessions that a checkout may have left at these providers; one per provider. */
export async function startStrays(
  checkout: Omit<StrayInput, 'provider'>,
  providers: readonly string[] | undefined,
): Promise<void> {
  for (const provider of providers ?? []) await startAgain(resolveStray, strayStart({ ...checkout, provider }));
}
