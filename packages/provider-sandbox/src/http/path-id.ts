import type { Collection, Document } from '../core/collection.ts';
import type { ApiRequest } from './answer.ts';

/** Finds what the path's `:id` names, or refuses in the provider's own words. */
export function byPathId<T extends Document>(
  collection: Collection<T>,
  missing: (id: string) => Error,
): (request: ApiRequest) => T {
  return (request) => {
    const id = request.params['id'] ?? '';
    const found = collection.get(id);
    if (!found) throw missing(id);
    return found;
  };
}
