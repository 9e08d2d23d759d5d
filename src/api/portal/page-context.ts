import type { Format } from './format.ts';
import type { PossibleActs } from './possible-acts.ts';
import type { Words } from './words.ts';

/** What every part of the page needs. */
export interface PageContext {
  readonly words: Words;
  readonly format: Format;
  readonly mayManage: boolean;
  /** The address of something below this page. */
  readonly actionPath: (below: string) => string;
  /** By subscription; none for whoever may only look. */
  readonly possible: ReadonlyMap<string, PossibleActs>;
}
