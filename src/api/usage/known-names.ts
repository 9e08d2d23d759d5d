import type { MikroORM } from '@mikro-orm/postgresql';
import { LRUCache } from 'lru-cache';
import { findEventNames, findOrganizationIds, type UsageScope } from '../../db/queries/usage-events.ts';

export interface KnownNames {
  /** Those of a project's organizations that do not exist. */
  missingOrganizations(scope: UsageScope, ids: ReadonlySet<string>): Promise<ReadonlySet<string>>;
  /** Those names of events that no meter of the project counts. */
  missingEventNames(scope: UsageScope, names: ReadonlySet<string>): Promise<ReadonlySet<string>>;
}

const maxKnown = 100_000;
const ttlMs = 5_000;

/**
 * What exists, remembered for a few seconds. What does not is asked for each time: an organization or meter made a moment
 * ago takes events at once.
 */
export function createKnownNames({ orm }: { readonly orm: MikroORM }): KnownNames {
  const among = (find: typeof findEventNames) => {
    const known = new LRUCache<string, true>({ max: maxKnown, ttl: ttlMs, ttlResolution: 100 });
    return async (scope: UsageScope, asked: ReadonlySet<string>): Promise<ReadonlySet<string>> => {
      const prefix = `${scope.projectId}/${scope.live ? 'live' : 'test'}/`;
      const missing = new Set<string>();
      for (const name of asked) if (!known.has(prefix + name)) missing.add(name);
      if (missing.size === 0) return missing;
      for (const name of await find(orm.em, scope, [...missing])) {
        known.set(prefix + name, true);
        missing.delete(name);
      }
      return missing;
    };
  };
  return { missingOrganizations: among(findOrganizationIds), missingEventNames: among(findEventNames) };
}
