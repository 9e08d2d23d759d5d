import type { ErrorKind } from '../../domain/errors.ts';

export interface ErrorPage {
  readonly kind: ErrorKind;
  /** Where the kind's own status would mislead. */
  readonly status?: number;
  readonly title: string;
  readonly meaning: string;
  readonly fix: string;
}
