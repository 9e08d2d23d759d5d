import { defineEntity, p, type InferEntity } from '@mikro-orm/core';
import { owned } from './owned.ts';

/** A visit to our own portal page. Only the hash of its token is kept. */
export const PortalLinkEntity = defineEntity({
  name: 'PortalLink',
  tableName: 'portal_links',
  properties: {
    tokenHash: p.text().primary(),
    organizationId: p.text(),
    /** Those of whoever asked for it. */
    permissions: p.array(),
    /** Who asked for it. */
    actor: p.text(),
    returnUrl: p.text().strictNullable(),
    expiresAt: p.datetime(),
    ...owned,
  },
});
export type PortalLink = InferEntity<typeof PortalLinkEntity>;
