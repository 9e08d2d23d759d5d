import type { SubscriptionAbilities } from '../../domain/routing/abilities.ts';
import type { Format } from './format.ts';
import type { Words } from './words.ts';

/** What every part of the page needs. */
export interface PageContext {
  readonly words: Words;
  readonly format: Format;
  readonly mayManage: boolean;
  /** The address of something below this page. */
  readonly actionPath: (below: string) => string;
  /** null: it is ours to do. */
  readonly abilitiesOf: (provider: string | null) => SubscriptionAbilities | null;
}
