import { p } from '@mikro-orm/core';

/** Columns that every row has: whose it is, which mode (`live` or test), and when. */
export const owned = {
  projectId: p.text(),
  live: p.boolean(),
  createdAt: p
    .datetime()
    .onCreate(() => new Date())
    .$type<Date>(),
  updatedAt: p
    .datetime()
    .onCreate(() => new Date())
    .onUpdate(() => new Date()),
};
