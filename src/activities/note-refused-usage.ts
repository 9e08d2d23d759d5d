import { refuseItems } from '../db/queries/usage-items.ts';
import { itemNamed } from '../domain/usage/item-step.ts';
import type { ActivityDeps } from './deps.ts';
import { accountOf } from './provider-account.ts';

export interface NoteRefusedUsageInput {
  readonly projectId: string;
  readonly live: boolean;
  readonly provider: string;
  /** The provider's, of the message that told of it. */
  readonly noticeId: string;
}

/**
 * Reads which events a provider had received and then refused, and writes it to their items, with the provider's reason.
 * Safe to repeat: a name that is spent finds nothing a second time.
 */
export function createNoteRefusedUsage(deps: ActivityDeps) {
  return async function noteRefusedUsage(
    input: NoteRefusedUsageInput,
  ): Promise<{ readonly named: number; readonly rejected: number }> {
    const { projectId, live, provider, noticeId } = input;
    const { client } = await accountOf({ ...deps, providers: deps.background }, projectId, live, provider);
    const named = (await client.usage?.refusals?.(noticeId)) ?? [];
    const refused = named.flatMap(({ eventId, code }) => {
      const item = itemNamed(eventId);
      return item === null ? [] : [{ ...item, code }];
    });
    const rejected = await refuseItems(deps.orm.em.fork(), { projectId, live, provider }, refused);
    return { named: named.length, rejected };
  };
}
