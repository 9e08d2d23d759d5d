import { p } from '@mikro-orm/core';

/** Columns of a run: when a worker took it up, when it was over, and why it failed where it did. */
export const runColumns = {
  startedAt: p.datetime().strictNullable(),
  finishedAt: p.datetime().strictNullable(),
  failureCode: p.text().strictNullable(),
  failureDetail: p.json().$type<Record<string, unknown>>().strictNullable(),
};
